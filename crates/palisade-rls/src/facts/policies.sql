select p.polname as name, p.polrelid::int8 as relation, p.polcmd as command, p.polpermissive as permissive,
    (select json_agg(r::int8 order by r) from unnest(p.polroles) r) as roles,
    p.polqual::text as using_tree, pg_catalog.pg_get_expr(p.polqual, p.polrelid) as using_sql,
    p.polwithcheck::text as check_tree, pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid) as check_sql
from pg_catalog.pg_policy p
