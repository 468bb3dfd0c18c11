select 'default-privileges', 826, d.oid, 0, '',
       json_build_array(pg_get_userbyid(d.defaclrole), coalesce(n.nspname, ''), d.defaclobjtype), pg_get_userbyid(d.defaclrole),
       d.defaclacl::text, '"default-privileges"'
  from pg_default_acl d left join pg_namespace n on n.oid = d.defaclnamespace
