select c.oid::int8, c.relnamespace::int8 as schema, c.relname as name, c.relkind as kind, c.relowner::int8 as owner,
    c.relrowsecurity as row_security, c.relforcerowsecurity as forced,
    coalesce((
        select option_value::bool from pg_catalog.pg_options_to_table(c.reloptions) where option_name = 'security_invoker'
    ), false) as security_invoker,
    c.relispartition as partition,
    coalesce(i.parents, '[]') as parents,
    $grants(c.relacl, 'r', c.relowner) as grants,
    coalesce(a.columns, '[]') as columns,
    exists (
        select from pg_catalog.pg_depend d
        where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'
    ) as of_extension
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
left join (
    select a.attrelid, json_agg(json_build_array(
        a.attnum, a.attname, a.atttypid::int8, a.attnotnull, a.attgenerated <> '' or a.attidentity = 'a',
        case when a.attacl is not null then $grants(a.attacl, 'c', 0) end
    ) order by a.attnum) as columns
    from pg_catalog.pg_attribute a
    where a.attnum > 0 and not a.attisdropped
    group by a.attrelid
) a on a.attrelid = c.oid
left join (
    select i.inhrelid, json_agg(i.inhparent::int8 order by i.inhseqno) as parents
    from pg_catalog.pg_inherits i
    group by i.inhrelid
) i on i.inhrelid = c.oid
where c.relkind in ('r', 'p', 'v', 'm', 'f') and $user_schema(n)
