-- Databases without a live owner. An owner holds an advisory lock on the number in his database's name; Postgres shows
-- the halves of that number as `classid` and `objid`.
select d.datname::text
from pg_catalog.pg_database d
where d.datname ~ '^palisade_(scratch|build)_[0-9a-f]{16}$'
  and not exists (
    select from pg_catalog.pg_locks l
    where l.locktype = 'advisory' and l.objsubid = 1
      and l.database = (select oid from pg_catalog.pg_database where datname = current_database())
      and (l.classid::bigint << 32) | l.objid::bigint = ('x' || right(d.datname, 16))::bit(64)::bigint
  )
