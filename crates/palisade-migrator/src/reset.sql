do $palisade$
declare
  wanted constant pg_catalog.text[] := array[$names];
  schema record;
  thing record;
begin
  for schema in select oid, nspname from pg_catalog.pg_namespace where nspname = any (wanted) and nspname <> 'public' loop
    execute pg_catalog.format('drop schema %I cascade', schema.nspname);
  end loop;
  if 'public' = any (wanted) then
    -- Each statement may take later ones with it, so every object is looked for again.
    for thing in
      select c.oid, c.relname, case c.relkind when 'v' then 'view' when 'm' then 'materialized view' when 'S' then 'sequence'
                                              when 'f' then 'foreign table' else 'table' end as kind
        from pg_catalog.pg_class c
       where c.relnamespace = 'public'::pg_catalog.regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'S', 'f')
         and not exists (select from pg_catalog.pg_depend d where d.objid = c.oid and d.deptype = 'e')
    loop
      if exists (select from pg_catalog.pg_class c where c.oid = thing.oid) then
        execute pg_catalog.format('drop %s public.%I cascade', thing.kind, thing.relname);
      end if;
    end loop;
    for thing in
      select p.oid from pg_catalog.pg_proc p
       where p.pronamespace = 'public'::pg_catalog.regnamespace
         and not exists (select from pg_catalog.pg_depend d where d.objid = p.oid and d.deptype = 'e')
    loop
      if exists (select from pg_catalog.pg_proc p where p.oid = thing.oid) then
        execute pg_catalog.format('drop routine %s cascade', thing.oid::pg_catalog.regprocedure);
      end if;
    end loop;
    for thing in
      select t.oid, t.typname from pg_catalog.pg_type t
       where t.typnamespace = 'public'::pg_catalog.regnamespace and t.typtype in ('e', 'd', 'r', 'c')
         and (t.typrelid = 0 or exists (select from pg_catalog.pg_class c where c.oid = t.typrelid and c.relkind = 'c'))
         and not exists (select from pg_catalog.pg_depend d where d.objid = t.oid and d.deptype = 'e')
    loop
      if exists (select from pg_catalog.pg_type t where t.oid = thing.oid) then
        execute pg_catalog.format('drop type public.%I cascade', thing.typname);
      end if;
    end loop;
  end if;
end $palisade$
