-- Relations, functions, types and schemas of somebody's own; members of extensions come with those, and what is in ignored schemas
-- is not ours.
with own as (
  select oid from pg_catalog.pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'
    and nspname <> all ($ignored)
),
members as (
  select classid, objid from pg_catalog.pg_depend where deptype = 'e'
),
found as (
  select 'schema ' || pg_catalog.quote_ident(n.nspname) as object
  from pg_catalog.pg_namespace n
  where n.oid in (select oid from own) and n.nspname <> 'public'
    and ('pg_catalog.pg_namespace'::pg_catalog.regclass, n.oid) not in (select classid, objid from members)
  union all
  select c.oid::pg_catalog.regclass::text
  from pg_catalog.pg_class c
  where c.relnamespace in (select oid from own) and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
    and ('pg_catalog.pg_class'::pg_catalog.regclass, c.oid) not in (select classid, objid from members)
  union all
  select p.oid::pg_catalog.regprocedure::text
  from pg_catalog.pg_proc p
  where p.pronamespace in (select oid from own)
    and ('pg_catalog.pg_proc'::pg_catalog.regclass, p.oid) not in (select classid, objid from members)
  union all
  select 'type ' || t.oid::pg_catalog.regtype::text
  from pg_catalog.pg_type t
  where t.typnamespace in (select oid from own) and t.typtype in ('e', 'd', 'r')
    and ('pg_catalog.pg_type'::pg_catalog.regclass, t.oid) not in (select classid, objid from members)
)
select object from found order by object limit 5
