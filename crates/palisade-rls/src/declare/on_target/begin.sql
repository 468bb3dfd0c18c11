create temporary table palisade_seen (side text, kind text, path text, class oid, place tid);
create temporary table palisade_stub (kind text, path text);
create temporary table palisade_before as select oid from pg_catalog.pg_namespace;
do $palisade$
declare
  it record;
begin
  -- Stand-ins begin as what they stand in for.
  for it in
    select s.stand::pg_catalog.regclass as stand, c.relkind, c.relrowsecurity, c.relforcerowsecurity,
      (select pg_catalog.string_agg(o, ', ') from pg_catalog.unnest(c.reloptions) o where o like 'security\_%') as options
    from pg_temp.palisade_stand_in s
    join pg_catalog.pg_class c on c.oid = s.own
  loop
    if it.relkind = 'v' then
      if it.options is not null then
        execute pg_catalog.format('alter view %s set (%s)', it.stand, it.options);
      end if;
    else
      execute pg_catalog.format('alter table %s %s row level security, %s row level security', it.stand,
        case when it.relrowsecurity then 'enable' else 'disable' end,
        case when it.relforcerowsecurity then 'force' else 'no force' end);
    end if;
  end loop;
  -- Each in a subtransaction, so that none counts as made by the files. One that cannot be made is one that no file can alter here.
  for it in
    select pg_catalog.format('create policy %I on %s as %s for %s to %s', p.polname, s.stand::pg_catalog.regclass,
        case when p.polpermissive then 'permissive' else 'restrictive' end,
        case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all' end,
        (select pg_catalog.string_agg(case r.oid when 0 then 'public' else pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(r.oid)) end, ', ' order by r.number)
          from pg_catalog.unnest(p.polroles) with ordinality r (oid, number)))
      || coalesce(' using (' || pg_catalog.pg_get_expr(p.polqual, p.polrelid) || ')', '')
      || coalesce(' with check (' || pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid) || ')', '') as sql,
      pg_catalog.format('comment on policy %I on %s is %L', p.polname, s.stand::pg_catalog.regclass,
        pg_catalog.obj_description(p.oid, 'pg_policy')) as comment
    from pg_temp.palisade_stand_in s
    join pg_catalog.pg_policy p on p.polrelid = s.own
    order by p.polname
  loop
    begin
      execute it.sql;
      execute it.comment;
    exception when others then null;
    end;
  end loop;
  -- A whole row of the stand-in is one of the table to whatever wants one. The server does not write that it casts.
  for it in
    select s.stand::pg_catalog.regclass as stand, n.nspname, s.own::pg_catalog.regclass as own
    from pg_temp.palisade_stand_in s
    join pg_catalog.pg_class c on c.oid = s.stand and c.relkind = 'r'
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  loop
    begin
      execute pg_catalog.format('create function %I.palisade_whole_row(%s) returns %s language plpgsql as ''begin end''',
        it.nspname, it.stand, it.own);
      execute pg_catalog.format('create cast (%1$s as %2$s) with function %3$I.palisade_whole_row(%1$s) as implicit',
        it.stand, it.own, it.nspname);
    exception when others then null;
    end;
  end loop;
end
$palisade$;
