select
  a.pid::text as pid,
  coalesce(a.usename, '') as "user",
  coalesce(a.application_name, '') as application,
  coalesce(a.state, 'unknown') as state,
  coalesce(extract(epoch from clock_timestamp() - min(a.xact_start))::bigint, 0)::text as seconds
from pg_catalog.pg_locks l
join pg_catalog.pg_stat_activity a using (pid)
where l.locktype = 'relation' and l.granted
  and l.database = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())
  and l.relation = pg_catalog.to_regclass($table)
  and l.pid <> pg_catalog.pg_backend_pid()
group by a.pid, a.usename, a.application_name, a.state
order by min(a.xact_start) nulls last
limit 3
