-- What the snapshot shows besides tables.
select pg_database_size(current_database())::text as database_bytes,
       (extract(epoch from clock_timestamp()) * 1000000)::int8::text as clock,
       (case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end)::text as lsn,
       (select count(*) from pg_catalog.pg_largeobject_metadata)::text as large_objects,
       (exists (select from pg_catalog.pg_roles where rolname = 'supabase_admin'))::text as supabase,
       (select reset_val = 'hex' from pg_catalog.pg_settings where name = 'bytea_output')::text as writes_hex,
       coalesce((select json_agg(json_build_object('name', extname, 'version', extversion) order by extname)
                   from pg_catalog.pg_extension), '[]')::text as extensions,
       coalesce((select json_agg(json_build_array(n.nspname, c.relname) order by n.nspname, c.relname)
                   from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
                  where c.relkind = 'S' and c.relpersistence <> 't' and n.nspname !~ '^pg_'
                    and case when c.relkind = 'S' then has_sequence_privilege(c.oid, 'select') end), '[]')::text as sequences
