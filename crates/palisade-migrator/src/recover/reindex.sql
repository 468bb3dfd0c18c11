-- What an interrupted REINDEX CONCURRENTLY leaves: twins with these endings.
select 'invalid' as what, pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) as name
  from pg_catalog.pg_index i
  join pg_catalog.pg_class c on c.oid = i.indexrelid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where not i.indisvalid and c.relkind = 'i' and c.relname ~ '_cc(new|old)[0-9]*$'
   and n.nspname not like 'pg\_%' and $scope
   and not exists (select from pg_catalog.pg_stat_progress_create_index p where p.index_relid = c.oid)
