-- What tells a server on this machine from one behind a tunnel or in a container: the file that it keeps in its data directory while it
-- runs. Superusers may read it, and those who were let.
select case when pg_catalog.has_function_privilege('pg_catalog.pg_read_file(text, bigint, bigint, boolean)', 'execute')
            then pg_catalog.pg_read_file('postmaster.pid', 0, 8192, true) end as pid_file,
       -- All but `pg_default` and `pg_global`.
       (exists (select from pg_catalog.pg_tablespace where oid not in (1663, 1664)))::text as tablespaces,
       pg_catalog.pg_database_size(pg_catalog.current_database())::text as bytes
