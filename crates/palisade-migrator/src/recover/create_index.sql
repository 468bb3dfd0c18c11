-- An index of this name on this table. An invalid one that somebody is building right now is left alone: our own statement then
-- waits for their lock, and fails on the name.
select case when i.indisvalid then 'valid' else 'invalid' end as what,
       case when i.indisvalid then c.oid::pg_catalog.text
            else pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) end as name
  from pg_catalog.pg_index i
  join pg_catalog.pg_class c on c.oid = i.indexrelid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where i.indrelid = $table and c.relname = $index and c.relkind = 'i'
   and (i.indisvalid or not exists (select from pg_catalog.pg_stat_progress_create_index p where p.index_relid = c.oid))
