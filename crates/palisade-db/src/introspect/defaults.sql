-- Only generated columns speak of others: without a relation the server need not open it.
select 'default', 2604, d.oid, 0, '', n.nspname, c.relname, a.attname, null, null,
       concat('{"default":{"expression":', to_json(pg_get_expr(d.adbin, case when a.attgenerated = '' then 0 else d.adrelid end)),
              case when a.attgenerated <> '' then concat(',"generated":"', a.attgenerated, '"') end, '}}')
  from pg_attrdef d
  join pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum
  join pg_class c on c.oid = d.adrelid
  join pg_namespace n on n.oid = c.relnamespace
 where c.oid >= 16384 and c.relpersistence <> 't'
   and n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and c.oid <> all ($members_1259)
