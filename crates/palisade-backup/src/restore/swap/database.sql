-- Everything of a database that lies in no schema of it. Columns came and went between versions, which their JSON does not mind.
select json_build_object(
    'owner', pg_catalog.pg_get_userbyid(d.datdba),
    'encoding', pg_catalog.pg_encoding_to_char(d.encoding),
    'collate', d.datcollate,
    'ctype', d.datctype,
    'provider', d.datlocprovider::text,
    'locale', coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale'),
    'rules', to_jsonb(d) ->> 'daticurules',
    'tablespace', (select spcname from pg_catalog.pg_tablespace where oid = d.dattablespace),
    'connection_limit', d.datconnlimit,
    'comment', pg_catalog.shobj_description(d.oid, 'pg_database'),
    'has_rights', d.datacl is not null,
    'rights', (
      select coalesce(json_agg(json_build_array(
        case a.grantee when 0 then null else pg_catalog.pg_get_userbyid(a.grantee) end, a.privilege_type, a.is_grantable)), '[]')
      from pg_catalog.aclexplode(d.datacl) a),
    'settings', (
      select coalesce(json_agg(json_build_array(
        case s.setrole when 0 then null else pg_catalog.pg_get_userbyid(s.setrole) end,
        split_part(c, '=', 1), substr(c, strpos(c, '=') + 1))), '[]')
      from pg_catalog.pg_db_role_setting s, unnest(s.setconfig) c
      where s.setdatabase = d.oid)
  )::text
from pg_catalog.pg_database d
where d.datname = $name
