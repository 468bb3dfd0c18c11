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
    for thing in
      select d.classid, d.objid
        from pg_catalog.pg_depend d
       where d.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
         and d.refobjid = 'public'::pg_catalog.regnamespace and d.deptype = 'n'
         and d.classid <> 'pg_catalog.pg_extension'::pg_catalog.regclass
         -- What belongs to an extension stays, and what is a part of something goes with that.
         and not exists (select from pg_catalog.pg_depend i
                          where i.classid = d.classid and i.objid = d.objid and i.objsubid = 0 and i.deptype in ('e', 'i', 'P', 'S'))
    loop
      -- Each statement may have taken later ones with it; of those there is no identity any more.
      execute (select 'drop ' || case i.type when 'statistics object' then 'statistics' else i.type end || ' ' || i.identity || ' cascade'
                 from pg_catalog.pg_identify_object(thing.classid, thing.objid, 0) i
                where i.identity is not null
               union all select 'select' limit 1);
    end loop;
  end if;
end $palisade$
