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
       pg_catalog.current_setting('palisade.marker', true) as marker
  from pg_catalog.pg_database d, pg_catalog.pg_roles r
 where d.datname = pg_catalog.current_database() and r.rolname = current_user;
