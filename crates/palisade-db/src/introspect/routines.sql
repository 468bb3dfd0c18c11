select case p.prokind when 'p' then 'procedure' else 'function' end, 1255, p.oid, 0, '',
       json_build_array(n.nspname, p.proname, oidvectortypes(p.proargtypes)), pg_get_userbyid(p.proowner),
       coalesce(p.proacl, acldefault('f', p.proowner))::text,
       json_build_object('routine', json_build_object(
         'definition', pg_get_functiondef(p.oid),
         'arguments', pg_get_function_arguments(p.oid),
         'result', pg_get_function_result(p.oid),
         'names', coalesce(to_json(p.proargnames), '[]'),
         'modes', coalesce(to_json(p.proargmodes), '[]'),
         'defaults', p.pronargdefaults,
         'window', p.prokind = 'w',
         'language', l.lanname,
         'body_is_text', p.prosqlbody is null))
  from pg_proc p
  join pg_namespace n on n.oid = p.pronamespace
  join pg_language l on l.oid = p.prolang
 where p.prokind <> 'a' and p.oid >= 16384 and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
   and p.oid <> all ($members_1255)
   -- Those that a range type brings with it.
   and not exists (select from pg_depend d where d.classid = 1255 and d.objid = p.oid and d.deptype = 'i' and d.refclassid = 1247)
