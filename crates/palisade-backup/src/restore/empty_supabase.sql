-- Empties what is ours in a Supabase database, inside the transaction that fills it again. `public` itself stays: default privileges
-- in it belong to roles of Supabase too.
set local client_min_messages = warning;
do $palisade$
declare
  it record;
begin
  for it in
    select nspname from pg_catalog.pg_namespace n
    where nspname !~ '^pg_' and nspname <> 'public' and nspname <> all ($external)
      and pg_catalog.pg_has_role(nspowner, 'usage')
      and not exists (
        select from pg_catalog.pg_depend d
        where d.classid = 'pg_catalog.pg_namespace'::pg_catalog.regclass and d.objid = n.oid and d.deptype = 'e')
  loop
    execute pg_catalog.format('drop schema if exists %I cascade', it.nspname);
  end loop;
  loop
    -- One after the other: each may take others with it.
    select o.* into it
    from pg_catalog.pg_depend d,
      lateral pg_catalog.pg_identify_object(d.classid, d.objid, 0) o
    where d.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass and d.refobjid = 'public'::pg_catalog.regnamespace
      and d.deptype = 'n' and o.type <> 'default acl'
      and not exists (
        select from pg_catalog.pg_depend e where e.classid = d.classid and e.objid = d.objid and e.deptype in ('e', 'i', 'a'))
    limit 1;
    exit when not found;
    execute pg_catalog.format(
      'drop %s if exists %s cascade', case it.type when 'statistics object' then 'statistics' else it.type end, it.identity);
  end loop;
  perform pg_catalog.lo_unlink(oid) from pg_catalog.pg_largeobject_metadata
  where pg_catalog.pg_has_role(lomowner, 'usage');
end $palisade$;
