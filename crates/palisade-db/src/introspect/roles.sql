-- Roles and who is a member of which, with their settings in all databases. Passwords are not read.
select 'role', 1260, r.oid, 0, '', json_build_array(r.rolname), null, null,
       json_build_object('opaque', json_build_object(
         'create', concat_ws(' ', format('CREATE ROLE %I', r.rolname),
           case when r.rolsuper then 'SUPERUSER' end, case when not r.rolinherit then 'NOINHERIT' end,
           case when r.rolcreaterole then 'CREATEROLE' end, case when r.rolcreatedb then 'CREATEDB' end,
           case when r.rolcanlogin then 'LOGIN' end, case when r.rolreplication then 'REPLICATION' end,
           case when r.rolbypassrls then 'BYPASSRLS' end, 'CONNECTION LIMIT ' || nullif(r.rolconnlimit, -1),
           'VALID UNTIL ' || case when isfinite(r.rolvaliduntil) then quote_literal((r.rolvaliduntil at time zone 'UTC')::text || '+00') end),
         'then', coalesce((
           select json_agg(format('ALTER ROLE %I SET %s TO %s', r.rolname, quote_ident(split_part(setting, '=', 1)),
                                  -- Lists of names stand there with their quotes.
                                  case when lower(split_part(setting, '=', 1)) in ('search_path', 'temp_tablespaces', 'local_preload_libraries',
                                                                                   'session_preload_libraries')
                                         and substr(setting, strpos(setting, '=') + 1) <> ''
                                       then substr(setting, strpos(setting, '=') + 1)
                                       else quote_literal(substr(setting, strpos(setting, '=') + 1)) end)
                           order by setting)
             from pg_db_role_setting s, unnest(s.setconfig) setting
            where s.setrole = r.oid and s.setdatabase = 0), '[]')))
  from pg_roles r where r.oid >= 16384
union all
select 'membership', 1261, min(m.member::int8)::oid, 0, '', json_build_array(pg_get_userbyid(m.roleid), pg_get_userbyid(m.member)), null, null,
       json_build_object('opaque', json_build_object(
         'create', concat(format('GRANT %I TO %I', pg_get_userbyid(m.roleid), pg_get_userbyid(m.member)),
                          ' WITH ' || nullif(concat_ws(', ', case when bool_or(m.admin_option) then 'ADMIN OPTION' end
                            {{16:, case when bool_or(m.inherit_option) <> bool_or(r.rolinherit) then 'INHERIT ' || bool_or(m.inherit_option) end,
                            case when not bool_or(m.set_option) then 'SET FALSE' end|}}), '')),
         'then', '[]'::json))
  from pg_auth_members m join pg_roles r on r.oid = m.member
 where m.member >= 16384 or m.roleid >= 16384
 group by m.roleid, m.member
