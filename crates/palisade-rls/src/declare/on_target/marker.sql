-- A role that holds a right where a REVOKE that takes nothing from anybody would write nothing. It is gone with the transaction.
create role $marker;
create temporary table palisade_marked (take_back text);
do $palisade$
declare
  it record;
begin
  for it in
    select pg_catalog.format('grant select (%s) on table %I.%I to $marker', s.columns, s.nspname, s.relname) as give,
      pg_catalog.format('revoke select (%s) on table %I.%I from $marker', s.columns, s.nspname, s.relname) as take_back
    from (
      select pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ') as columns, n.nspname, c.relname
      from pg_catalog.pg_class c
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      where c.relkind in ('r', 'p', 'f', 'v', 'm') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
      and c.relname in ($names) and pg_catalog.pg_has_role(c.relowner, 'usage') and $columns
      group by n.nspname, c.relname
    ) s
    union all
    select pg_catalog.format('alter default privileges %s grant %s to $marker', s.within, k.what),
      pg_catalog.format('alter default privileges %s revoke %s from $marker', s.within, k.what)
    from (
      select pg_catalog.format('in schema %I', nspname) as within from pg_catalog.pg_namespace
      where nspname !~ '^pg_' and nspname <> 'information_schema' and nspname in ($names)
      union all
      select ''
    ) s
    cross join (
      values ('select on tables'), ('usage on sequences'), ('execute on functions'), ('usage on types')
    ) k (what)
    where $defaults
  loop
    begin
      execute it.give;
      insert into pg_temp.palisade_marked values (it.take_back);
    exception when insufficient_privilege then null;
    end;
  end loop;
end
$palisade$;
