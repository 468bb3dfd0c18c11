-- New objects have the rights that default privileges of this database give, and a dump says only which rights there are besides those
-- of Postgres itself: those that nobody had are taken back before the others are given.
do $palisade$
declare
  it record;
begin
  for it in
    with own as (
      select oid from pg_catalog.pg_namespace
      where nspname !~ '^pg_' and nspname <> 'information_schema' and nspname <> all ($ignored)
    ),
    found as (
      select 'pg_catalog.pg_class'::pg_catalog.regclass as classid, c.oid as objid, a.grantee,
        case c.relkind when 'S' then 'sequence' else 'table' end as kind, c.oid::pg_catalog.regclass::text as name
      from pg_catalog.pg_class c, pg_catalog.aclexplode(c.relacl) a
      where c.relnamespace in (select oid from own) and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') and a.grantee <> c.relowner
      union
      select 'pg_catalog.pg_proc'::pg_catalog.regclass, p.oid, a.grantee, 'routine', p.oid::pg_catalog.regprocedure::text
      from pg_catalog.pg_proc p, pg_catalog.aclexplode(p.proacl) a
      where p.pronamespace in (select oid from own) and a.grantee not in (0, p.proowner)
      union
      select 'pg_catalog.pg_type'::pg_catalog.regclass, t.oid, a.grantee, 'type', t.oid::pg_catalog.regtype::text
      from pg_catalog.pg_type t, pg_catalog.aclexplode(t.typacl) a
      where t.typnamespace in (select oid from own) and t.typtype in ('e', 'd', 'r') and a.grantee not in (0, t.typowner)
      union
      select 'pg_catalog.pg_namespace'::pg_catalog.regclass, n.oid, a.grantee, 'schema', n.oid::pg_catalog.regnamespace::text
      from pg_catalog.pg_namespace n, pg_catalog.aclexplode(n.nspacl) a
      where n.oid in (select oid from own) and n.nspname <> 'public' and a.grantee not in (0, n.nspowner)
    )
    select f.kind, f.name, case f.grantee when 0 then 'public' else f.grantee::pg_catalog.regrole::text end as grantee
    from found f
    where not exists (
      select from pg_catalog.pg_depend d where d.classid = f.classid and d.objid = f.objid and d.deptype = 'e')
  loop
    execute pg_catalog.format('revoke all on %s %s from %s', it.kind, it.name, it.grantee);
  end loop;
end $palisade$;
