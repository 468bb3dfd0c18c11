declare
  it record;
begin
  for it in
    select f.oid::pg_catalog.regprocedure::text as function, pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid) as needing
    from pg_catalog.pg_proc f
    join pg_catalog.pg_depend d on d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass and d.refobjid = f.oid and d.deptype in ('n', 'a')
    where f.proname in ('', $names)
    and not exists (
      select from pg_catalog.pg_policy p
      join pg_temp.palisade_stand_in s on s.stand = p.polrelid
      where d.classid = 'pg_catalog.pg_policy'::pg_catalog.regclass and p.oid = d.objid
    )
  loop
    raise exception using errcode = '2BP01',
      message = pg_catalog.format('cannot drop function %s because other objects depend on it', it.function),
      detail = pg_catalog.format('%s depends on it', it.needing);
  end loop;
end
