select case when exists (select from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attname = 'name' and not a.attisdropped)
            then 'versions-and-names' else 'versions' end as what
  from pg_catalog.pg_class c
 where c.oid = pg_catalog.to_regclass('supabase_migrations.schema_migrations');
