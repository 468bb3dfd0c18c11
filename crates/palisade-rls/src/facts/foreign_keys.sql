select o.conname as name, o.conrelid::int8 as relation, o.conkey as columns, o.confrelid::int8 as referenced,
    o.confdeltype as on_delete, o.confupdtype as on_update
from pg_catalog.pg_constraint o
join pg_catalog.pg_namespace n on n.oid = o.connamespace
where o.contype = 'f' and o.conparentid = 0 and $user_schema(n)
