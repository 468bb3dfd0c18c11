i.indrelid in (select t.oid
                 from (select coalesce((select x.indrelid from pg_catalog.pg_index x where x.indexrelid = o.oid), o.oid) as oid
                         from (select $object::pg_catalog.oid as oid) o) root,
                      lateral (select root.oid union select p.relid from pg_catalog.pg_partition_tree(root.oid) p) t(oid))
