select c.relname as name, i.indrelid::int8 as relation, m.amname as method, i.indisunique as unique,
    i.indisprimary as primary, i.indisvalid as valid, i.indpred is not null as partial,
    (i.indkey::int2[])[0:i.indnkeyatts - 1] as columns,
    coalesce((
        select json_agg(d.refobjsubid) from pg_catalog.pg_depend d
        where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = i.indexrelid
            and d.refclassid = 'pg_catalog.pg_class'::regclass and d.refobjid = i.indrelid and d.refobjsubid > 0
    ), '[]') as other_columns,
    coalesce(l.leaky_operator, case when k.opcname like '%pattern\_ops' then '~~' end) as leaky_operator
from pg_catalog.pg_index i
join pg_catalog.pg_class c on c.oid = i.indexrelid
join pg_catalog.pg_am m on m.oid = c.relam
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_opclass k on k.oid = i.indclass[0]
left join (
    -- A search uses an operator of the family whose left side is what the class indexes.
    select k.oid, min(o.oprname) as leaky_operator
    from pg_catalog.pg_opclass k
    join pg_catalog.pg_amop a on a.amopfamily = k.opcfamily and a.amoppurpose = 's'
        and a.amoplefttype = k.opcintype
    join pg_catalog.pg_am y on y.oid = k.opcmethod and (y.amname <> 'btree' or a.amoprighttype = k.opcintype)
    join pg_catalog.pg_operator o on o.oid = a.amopopr
    join pg_catalog.pg_proc p on p.oid = o.oprcode
    where not p.proleakproof
    group by k.oid
) l on l.oid = i.indclass[0]
where $user_schema(n)
