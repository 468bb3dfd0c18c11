-- What the server is, what its extensions have brought, and which privileges owners have by themselves.
select
  current_setting('server_version_num') as version,
  current_user::text as "user",
  (select json_object_agg(kind, coalesce((select string_agg(substr(a::text, strpos(a::text, '=') + 1), '')
                                            from unnest(acldefault(kind::"char", 10)) a where a::text like '%_=%'), ''))::text
     from unnest(array['r', 's', 'f', 'n', 'T', 'F', 'S', 'l']) kind) as owner_privileges,
  (select coalesce(json_object_agg(classid::oid::text, members), '{}')::text
     from (select classid, json_agg(json_build_array(objid::bigint, refobjid::bigint)) as members from pg_depend where deptype = 'e'
            group by classid) e) as members,
  (select json_agg(json_build_array(format_type(castsource, null), format_type(casttarget, null), castcontext))::text
     from pg_cast) as casts
