select n.oid::int8, n.nspname as name, n.nspowner::int8 as owner, $grants(n.nspacl, 'n', n.nspowner) as grants
from pg_catalog.pg_namespace n
where $user_schema(n)
