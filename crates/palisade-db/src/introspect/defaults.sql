select 'default', 2604, d.oid, 0, '', array[n.nspname::text, c.relname::text, a.attname::text]::text, null, null,
       json_build_object('default', json_build_object(
         'expression', pg_get_expr(d.adbin, d.adrelid), 'generated', nullif(a.attgenerated, '')))
  from pg_attrdef d
  join pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum
  join pg_class c on c.oid = d.adrelid
  join pg_namespace n on n.oid = c.relnamespace
 where c.oid >= 16384 and c.relpersistence <> 't'
   and n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and c.oid <> all ($members_1259)
