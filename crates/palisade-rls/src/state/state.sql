-- Everything that decides who may do what to which rows, one line each: what kind of thing, on what object, its name
-- there, and what it says. `search_path` is empty when this runs, so that every name comes with its schema.
--
-- Grants are listed in the order of their texts: the order inside an ACL tells when a right was given, not which.
with relations as (
  select c.oid, c.relkind, c.relowner, c.relacl, c.relrowsecurity, c.relforcerowsecurity, c.reloptions,
    pg_catalog.format('%I.%I', n.nspname, c.relname) as object
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
    and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'palisade')
),
functions as (
  select p.oid, p.prokind, p.proowner, p.proacl,
    pg_catalog.format('%I.%I(%s)', n.nspname, p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid)) as object
  from pg_catalog.pg_proc p
  join pg_catalog.pg_namespace n on n.oid = p.pronamespace
  where p.prokind in ('f', 'p', 'w')
    and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'palisade')
    and not exists (
      select from pg_catalog.pg_depend d
      where d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass and d.objid = p.oid and d.deptype = 'e'
    )
),
rights as (
  select object, null::pg_catalog.text as col,
    coalesce(relacl, pg_catalog.acldefault(case relkind when 'S' then 's'::"char" else 'r'::"char" end, relowner)) as acl
  from relations
  union all
  select r.object, a.attname, a.attacl
  from relations r
  join pg_catalog.pg_attribute a on a.attrelid = r.oid
  where a.attacl is not null and not a.attisdropped
  union all
  select object, null, coalesce(proacl, pg_catalog.acldefault('f', proowner)) from functions
  union all
  select 'schema ' || pg_catalog.quote_ident(nspname), null, coalesce(nspacl, pg_catalog.acldefault('n', nspowner))
  from pg_catalog.pg_namespace
  where nspname !~ '^pg_' and nspname not in ('information_schema', 'palisade')
  union all
  select 'type ' || pg_catalog.format_type(t.oid, null), null, t.typacl
  from pg_catalog.pg_type t
  where t.typacl is not null
  union all
  select 'database ' || pg_catalog.quote_ident(datname), null, coalesce(datacl, pg_catalog.acldefault('d', datdba))
  from pg_catalog.pg_database
  where datname = pg_catalog.current_database()
  union all
  select pg_catalog.format('new %s of %I%s',
      case defaclobjtype when 'r' then 'tables' when 'S' then 'sequences' when 'f' then 'functions'
        when 'T' then 'types' when 'n' then 'schemas' else 'objects' end,
      pg_catalog.pg_get_userbyid(defaclrole),
      coalesce(' in ' || pg_catalog.quote_ident(n.nspname), '')),
    null, defaclacl
  from pg_catalog.pg_default_acl d
  left join pg_catalog.pg_namespace n on n.oid = d.defaclnamespace
)
select 'row security' as kind, object, '' as name,
  concat_ws(', ', case when relrowsecurity then 'on' else 'off' end, case when relforcerowsecurity then 'forced' end) as says
from relations
where relkind in ('r', 'p') and (relrowsecurity or relforcerowsecurity)
union all
select 'policy', r.object, p.polname, concat_ws(E'\n',
  case when p.polpermissive then 'permissive' else 'restrictive' end || ' for ' || case p.polcmd
    when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all' end,
  'to ' || (
    select pg_catalog.string_agg(case role when 0 then 'public' else pg_catalog.pg_get_userbyid(role) end, ', '
      order by pg_catalog.pg_get_userbyid(role) collate "C")
    from pg_catalog.unnest(p.polroles) role
  ),
  'using ' || pg_catalog.pg_get_expr(p.polqual, p.polrelid),
  'with check ' || pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid),
  'comment ' || pg_catalog.obj_description(p.oid, 'pg_policy'))
from pg_catalog.pg_policy p
join relations r on r.oid = p.polrelid
union all
select 'grants', g.object, '', pg_catalog.string_agg(g.says, E'\n' order by g.says collate "C")
from (
  select r.object, concat_ws(' ',
    case a.grantee when 0 then 'public' else pg_catalog.pg_get_userbyid(a.grantee) end, pg_catalog.lower(a.privilege_type),
    '(' || r.col || ')', case when a.is_grantable then 'with grant option' end) as says
  from rights r
  cross join lateral pg_catalog.aclexplode(r.acl) a
) g
group by g.object
union all
select 'function', object, '', concat_ws(E'\n',
  'owner ' || pg_catalog.pg_get_userbyid(proowner),
  pg_catalog.pg_get_functiondef(oid),
  'comment ' || pg_catalog.obj_description(oid, 'pg_proc'))
from functions
union all
select 'schema', pg_catalog.quote_ident(nspname), '', concat_ws(E'\n',
  'owner ' || pg_catalog.pg_get_userbyid(nspowner), 'comment ' || pg_catalog.obj_description(oid, 'pg_namespace'))
from pg_catalog.pg_namespace
where nspname !~ '^pg_' and nspname not in ('information_schema', 'palisade')
union all
select 'view options', object, '', pg_catalog.array_to_string(reloptions, ', ')
from relations
where relkind = 'v' and reloptions is not null
