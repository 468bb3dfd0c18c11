-- Relations that a dump locks, and what is to be known before their rows are read. Members of extensions belong to the extension, but
-- for the tables whose rows it asks to be dumped, with a condition.
select c.oid::text as oid, n.nspname::text as schema, c.relname::text as name, c.relkind::text as kind,
       coalesce($size, 0)::text as bytes, coalesce($main, 0)::text as main_bytes,
       (c.relrowsecurity and (c.relforcerowsecurity or not pg_has_role(c.relowner, 'usage')))::text as filtered,
       has_table_privilege(c.oid, 'select')::text as readable,
       coalesce((select json_agg(a.attname order by a.attnum) from pg_attribute a
                  where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''), '[]')::text as columns,
       (c.relam = 2)::text as heap,
       (select e.extcondition[i] from generate_subscripts(e.extconfig, 1) i where e.extconfig[i] = c.oid) as condition
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  left join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'
  left join pg_catalog.pg_extension e on e.oid = d.refobjid
 where c.relkind in ('r', 'p') and c.relpersistence <> 't' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
   and (e.oid is null or c.oid = any (e.extconfig))
 order by n.nspname, c.relname
