select 'applied' as what, version::pg_catalog.text, description, pg_catalog.encode(checksum, 'hex') as checksum, success,
       pg_catalog.to_char(installed_on at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS') as installed_on
  from $migrations order by $migrations.version;
