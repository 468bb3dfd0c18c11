select t.oid::int8, pg_catalog.format_type(t.oid, null) as name
from pg_catalog.pg_type t
join pg_catalog.pg_namespace n on n.oid = t.typnamespace
where $user_schema(n) and t.typtype <> 'c' and t.typelem = 0
