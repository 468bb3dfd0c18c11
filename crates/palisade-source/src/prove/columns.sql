-- The columns of all tables that hold rows of their own, without generated ones.
with recursive base as (
  select t.oid, t.typname, t.typtype, t.typbasetype, t.oid as domain from pg_catalog.pg_type t
  union all
  select t.oid, t.typname, t.typtype, t.typbasetype, b.domain
    from base b join pg_catalog.pg_type t on t.oid = b.typbasetype
   where b.typtype = 'd'
)
select format('%I.%I', n.nspname, c.relname), quote_ident(a.attname), pg_catalog.format_type(a.atttypid, a.atttypmod), b.typname,
       b.typtype::text,
       (select e.enumlabel from pg_catalog.pg_enum e where e.enumtypid = b.oid order by e.enumsortorder limit 1),
       case when a.attnotnull then 't' else 'f' end
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
  join base b on b.domain = a.atttypid and b.typtype <> 'd'
 where c.relkind = 'r' and c.relpersistence <> 't' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
   and not exists (select from pg_catalog.pg_depend d where d.classid = 1259 and d.objid = c.oid and d.deptype = 'e')
 order by 1, a.attnum
