select '$file' as file, '$statement' as statement, n.nspname::text as schema, c.relname::text as name, c.relkind::text as kind
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.oid = pg_catalog.to_regclass($name);
