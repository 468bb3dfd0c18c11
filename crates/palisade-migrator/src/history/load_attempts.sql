select distinct on (a.version)
       'attempt' as what, a.version::pg_catalog.text, a.run, a.state, a.units_done::pg_catalog.text, a.units_digest, a.under_way,
       a.found_before::pg_catalog.text, a.sqlstate, a.message,
       pg_catalog.to_char(a.started_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS') as started_at
  from $attempts a
 where a.kind = 'apply' and not exists (select from $migrations m where m.version = a.version)
 order by a.version, a.id desc;
