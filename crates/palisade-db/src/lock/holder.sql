select a.pid::pg_catalog.text as pid,
       coalesce(a.usename::pg_catalog.text, 'unknown') as user,
       coalesce(nullif(a.application_name, ''), 'unknown program') as application,
       coalesce(pg_catalog.host(a.client_addr), 'local socket') as address,
       coalesce(extract(epoch from pg_catalog.clock_timestamp() - a.backend_start), 0)::pg_catalog.int8::pg_catalog.text as seconds
  from pg_catalog.pg_locks l join pg_catalog.pg_stat_activity a on a.pid = l.pid
 where l.locktype = 'advisory' and l.classid = $class and l.objid = $object and l.objsubid = 2 and l.granted
   and l.database = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())
