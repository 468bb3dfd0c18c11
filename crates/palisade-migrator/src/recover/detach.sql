select case when h.inhdetachpending then 'pending' else 'present' end as what,
       case when h.inhdetachpending
            then pg_catalog.format('alter table %s detach partition %s finalize', h.inhparent::pg_catalog.regclass, h.inhrelid::pg_catalog.regclass)
            else '' end as name
  from pg_catalog.pg_inherits h
 where h.inhparent = $parent and h.inhrelid = $partition
