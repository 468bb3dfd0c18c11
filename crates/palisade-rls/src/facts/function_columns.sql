select p.oid::int8, n.nspname as schema, p.proname as name,
    pg_catalog.pg_get_function_identity_arguments(p.oid) as arguments, p.pronargs as argument_count, l.lanname as language,
    p.provolatile as volatility, p.prosecdef as security_definer, p.proleakproof as leakproof, p.proisstrict as strict,
    p.proretset as returns_set, coalesce(pg_catalog.pg_get_function_result(p.oid), '') as returns,
    t.typtype = 'c' or p.prorettype = 'pg_catalog.record'::regtype as returns_row,
    coalesce(to_json(p.proconfig), '[]') as settings,
    case when l.lanname not in ('internal', 'c') then coalesce(pg_catalog.pg_get_function_sqlbody(p.oid), p.prosrc) end
        as source, p.prosqlbody::text as body,
    p.proowner::int8 as owner, $grants(p.proacl, 'f', p.proowner) as grants,
    not $user_schema(n) or exists (
        select from pg_catalog.pg_depend d
        where d.classid = 'pg_catalog.pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e'
    ) as "foreign"
from pg_catalog.pg_proc p
join pg_catalog.pg_namespace n on n.oid = p.pronamespace
join pg_catalog.pg_language l on l.oid = p.prolang
join pg_catalog.pg_type t on t.oid = p.prorettype
