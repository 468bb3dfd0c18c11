-- What the files have touched: on which side, what kind of thing, and its name.
select distinct side, kind, path from pg_temp.palisade_seen where side in ('rights', 'else')
union
select 'definition', 'schema', pg_catalog.json_build_array(n.nspname)::text
from pg_catalog.pg_namespace n
where n.oid not in (select oid from pg_temp.palisade_before) and n.nspname !~ '^pg_'
union
select 'definition', 'policy', pg_catalog.json_build_array(n.nspname, c.relname, p.polname)::text
from pg_catalog.pg_policy p
join pg_catalog.pg_class c on c.oid = p.polrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where p.xmin = pg_catalog.pg_current_xact_id()::xid
union
select 'comment', 'schema', pg_catalog.json_build_array(n.nspname)::text
from pg_catalog.pg_description d
join pg_catalog.pg_namespace n on n.oid = d.objoid
where d.classoid = 'pg_catalog.pg_namespace'::pg_catalog.regclass and d.xmin = pg_catalog.pg_current_xact_id()::xid
union
select 'comment', case p.prokind when 'p' then 'procedure' when 'a' then 'aggregate' else 'function' end,
  pg_catalog.json_build_array(n.nspname, p.proname, pg_catalog.oidvectortypes(p.proargtypes))::text
from pg_catalog.pg_description d
join pg_catalog.pg_proc p on p.oid = d.objoid
join pg_catalog.pg_namespace n on n.oid = p.pronamespace
where d.classoid = 'pg_catalog.pg_proc'::pg_catalog.regclass and d.xmin = pg_catalog.pg_current_xact_id()::xid
union
select 'definition', 'policy', pg_catalog.json_build_array(n.nspname, c.relname, p.polname)::text
from pg_catalog.pg_description d
join pg_catalog.pg_policy p on p.oid = d.objoid
join pg_catalog.pg_class c on c.oid = p.polrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where d.classoid = 'pg_catalog.pg_policy'::pg_catalog.regclass and d.xmin = pg_catalog.pg_current_xact_id()::xid
union
select 'definition', kind, path from pg_temp.palisade_stub
