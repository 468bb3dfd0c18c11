select 'schema', 2615, n.oid, 0, '', json_build_array(n.nspname), pg_get_userbyid(n.nspowner),
       coalesce(n.nspacl, acldefault('n', n.nspowner))::text, '"schema"'
  from pg_namespace n
 where n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and n.oid <> all ($members_2615)
