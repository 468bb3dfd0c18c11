select r.ev_class::int8 as relation, r.ev_action::text as tree, pg_catalog.pg_get_viewdef(r.ev_class) as definition
from pg_catalog.pg_rewrite r
join pg_catalog.pg_class c on c.oid = r.ev_class
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where r.rulename = '_RETURN' and $user_schema(n)
