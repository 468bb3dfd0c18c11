-- A role that holds a right on every column and in all default privileges, so that a REVOKE that takes nothing from anybody still
-- writes the row that it is about. It is gone with the transaction.
create role $marker;
create temporary table palisade_seen (side text, kind text, path text, class oid, place tid);
create temporary table palisade_stub (kind text, path text);
create temporary table palisade_before as select oid from pg_catalog.pg_namespace;
do $palisade$
declare
  it record;
begin
  for it in
    select pg_catalog.format('grant select (%s) on table %I.%I to $marker',
      pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', '), n.nspname, c.relname) as sql
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relkind in ('r', 'p', 'f', 'v', 'm') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
    group by n.nspname, c.relname
    union all
    select pg_catalog.format('alter default privileges %s grant %s to $marker', s.within, k.what)
    from (
      select pg_catalog.format('in schema %I', nspname) as within from pg_catalog.pg_namespace
      where nspname !~ '^pg_' and nspname <> 'information_schema'
      union all
      select ''
    ) s
    cross join (
      values ('select on tables'), ('usage on sequences'), ('execute on functions'), ('usage on types')
    ) k (what)
  loop
    execute it.sql;
  end loop;
end
$palisade$;
