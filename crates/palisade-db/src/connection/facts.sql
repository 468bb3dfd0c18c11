-- What the guarded push has written down: which protected environments this database belongs to. Copies have another
-- identity. Whether the table is there is asked in a way that needs no right; one that cannot be read protects.
do $palisade$
begin
  perform pg_catalog.set_config('palisade.protected_by', '', true);
  if exists (select from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
              where n.nspname = 'palisade' and c.relname = 'protection') then
    perform pg_catalog.set_config('palisade.protected_by', (
      select coalesce(pg_catalog.string_agg(distinct p.environment, ','), '')
        from palisade.protection p, pg_catalog.pg_database d
       where d.datname = pg_catalog.current_database() and p.database_oid = d.oid and p.lifted_at is null
         and coalesce(p.system_identifier = (pg_catalog.pg_control_system()).system_identifier::pg_catalog.text, true)
    ), true);
  end if;
exception when insufficient_privilege or undefined_column then
  perform pg_catalog.set_config('palisade.protected_by', '?', true);
end $palisade$;
-- Every value is text, because it comes over the simple protocol; names are qualified against a hostile search_path.
select pg_catalog.current_setting('server_version_num') as version,
       pg_catalog.pg_backend_pid()::pg_catalog.text as pid,
       (pg_catalog.pg_control_system()).system_identifier::pg_catalog.text as system,
       d.datname::pg_catalog.text as database,
       d.oid::pg_catalog.text as database_oid,
       r.rolname::pg_catalog.text as user,
       r.rolsuper as superuser,
       r.rolsuper or r.rolbypassrls as bypasses_row_security,
       pg_catalog.has_database_privilege(d.oid, 'create') as may_create_schemas,
       pg_catalog.current_setting('transaction_read_only') = 'on' as read_only,
       (extract(epoch from pg_catalog.clock_timestamp()) * 1000000)::pg_catalog.int8::pg_catalog.text as clock,
       (extract(epoch from pg_catalog.pg_postmaster_start_time()) * 1000000)::pg_catalog.int8::pg_catalog.text as started,
       pg_catalog.current_setting('palisade.protected_by', true) as protected_by,
       pg_catalog.current_setting('palisade.marker', true) as marker
  from pg_catalog.pg_database d, pg_catalog.pg_roles r
 where d.datname = pg_catalog.current_database() and r.rolname = current_user;
