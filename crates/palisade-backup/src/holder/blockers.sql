-- Sessions that hold, or wait for, what not even readers get past.
select format('%I.%I by process %s%s, in a transaction since %s%s', n.nspname, c.relname, l.pid,
              coalesce(' (' || nullif(a.application_name, '') || ')', ''), to_char(a.xact_start, 'HH24:MI:SS'),
              case when not l.granted then
                ', which waits for process ' || array_to_string(pg_catalog.pg_blocking_pids(l.pid), ', ') end)
  from pg_catalog.pg_locks l
  join pg_catalog.pg_class c on c.oid = l.relation
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  left join pg_catalog.pg_stat_activity a on a.pid = l.pid
 where l.locktype = 'relation' and l.mode = 'AccessExclusiveLock' and c.relkind in ('r', 'p')
   and l.database = (select oid from pg_catalog.pg_database where datname = current_database())
 order by l.granted desc, 1 limit 5
