select 'foreign-data-wrapper', 2328, f.oid, 0, '', json_build_array(f.fdwname), pg_get_userbyid(f.fdwowner),
       coalesce(f.fdwacl, acldefault('F', f.fdwowner))::text,
       json_build_object('options', json_build_object(
         'create', concat_ws(' ', format('CREATE FOREIGN DATA WRAPPER %I', f.fdwname),
                             'HANDLER ' || nullif(f.fdwhandler::regproc::text, '-'),
                             'VALIDATOR ' || nullif(f.fdwvalidator::regproc::text, '-')),
         'options', coalesce(to_json(f.fdwoptions), '[]'), 'secret', '[]'::json))
  from pg_foreign_data_wrapper f where f.oid >= 16384 and f.oid <> all ($members_2328)
union all
select 'foreign-server', 1417, s.oid, 0, '', json_build_array(s.srvname), pg_get_userbyid(s.srvowner),
       coalesce(s.srvacl, acldefault('S', s.srvowner))::text,
       json_build_object('options', json_build_object(
         'create', concat_ws(' ', format('CREATE SERVER %I', s.srvname), 'TYPE ' || quote_literal(s.srvtype),
                             'VERSION ' || quote_literal(s.srvversion), format('FOREIGN DATA WRAPPER %I', f.fdwname)),
         'options', coalesce(to_json(s.srvoptions), '[]'), 'secret', '[]'::json))
  from pg_foreign_server s join pg_foreign_data_wrapper f on f.oid = s.srvfdw where s.oid <> all ($members_1417)
union all
select 'user-mapping', 1418, u.umid, 0, '',
       json_build_array(format('FOR %s SERVER %I', case when u.umuser = 0 then 'PUBLIC' else quote_ident(u.usename) end, u.srvname)),
       null, null,
       json_build_object('options', json_build_object(
         'create', format('CREATE USER MAPPING FOR %s SERVER %I', case when u.umuser = 0 then 'PUBLIC' else quote_ident(u.usename) end,
                          u.srvname),
         'options', coalesce((select json_agg(o order by o) from unnest(u.umoptions) o where o !~* '^[^=]*(pass|secret|token|key)'), '[]'),
         'secret', coalesce((select json_agg(split_part(o, '=', 1) order by o) from unnest(u.umoptions) o
                              where o ~* '^[^=]*(pass|secret|token|key)'), '[]')))
  from pg_user_mappings u
