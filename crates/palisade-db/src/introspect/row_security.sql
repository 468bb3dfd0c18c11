-- No object of the catalog has the number -1 within a table, so it stands for these flags.
select 'row-security', 1259, c.oid, -1, '', json_build_array(n.nspname, c.relname, 'row security'), null, null,
       json_build_object('row-security', json_build_object('enabled', c.relrowsecurity, 'forced', c.relforcerowsecurity))
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
 where (c.relrowsecurity or c.relforcerowsecurity) and c.oid >= 16384
   and n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and c.oid <> all ($members_1259)
