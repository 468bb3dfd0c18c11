-- Programs of a backup that wait for somebody who waits for us: nobody of them ever goes on. Is the server still here?
select format('process %s%s, which waits for this backup, while `pg_dump` waits for it', b.pid,
              coalesce(' (' || nullif(b.application_name, '') || ')', ''))
  from pg_catalog.pg_stat_activity w
 cross join unnest(pg_catalog.pg_blocking_pids(w.pid)) p
  join pg_catalog.pg_stat_activity b on b.pid = p
 where w.datname = current_database() and w.application_name = 'palisade backup' and w.wait_event_type = 'Lock'
   and pg_catalog.pg_backend_pid() = any(pg_catalog.pg_blocking_pids(b.pid))
 order by 1 limit 5
