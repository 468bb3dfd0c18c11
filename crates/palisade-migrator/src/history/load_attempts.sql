select 'attempt' as what, last.*
  from (select distinct on (a.version)
               a.version::pg_catalog.text, a.kind = 'revert' as reverts, a.run, a.state, a.units_done::pg_catalog.text,
               a.units_digest, a.under_way, a.found_before::pg_catalog.text, a.sqlstate, a.message,
               pg_catalog.to_char(a.started_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS') as started_at
          from $attempts a
         where a.kind in ('apply', 'revert')
         order by a.version, a.id desc) last
 -- What the try was after has not come about: not applied, or still applied.
 where last.reverts = exists (select from $migrations m where m.version::pg_catalog.text = last.version)
 order by last.version::pg_catalog.int8;
