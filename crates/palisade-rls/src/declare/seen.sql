-- Notes the rows that were written since the last note.
insert into pg_temp.palisade_seen
select '$side', touched.*
from (
  select
    case
      when c.relkind in ('v') then 'view'
      when c.relkind in ('m') then 'materialized-view'
      when c.relkind in ('r', 'p', 'f') then 'table'
      when exists (
        select from pg_catalog.pg_depend d
        where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = c.oid and d.deptype = 'i'
      ) then 'identity-sequence'
      else 'sequence'
    end as kind,
    pg_catalog.json_build_array(n.nspname, c.relname)::text as path, 'pg_catalog.pg_class'::pg_catalog.regclass::oid as class, c.ctid as place
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where c.xmin = pg_catalog.pg_current_xact_id()::xid and c.relkind in ('r', 'p', 'f', 'v', 'm', 'S') and n.nspname !~ '^pg_'
  union all
  select 'column', pg_catalog.json_build_array(n.nspname, c.relname, a.attname)::text, 'pg_catalog.pg_attribute'::pg_catalog.regclass::oid, a.ctid
  from pg_catalog.pg_attribute a
  join pg_catalog.pg_class c on c.oid = a.attrelid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where a.xmin = pg_catalog.pg_current_xact_id()::xid and c.relkind in ('r', 'p', 'f', 'v', 'm') and n.nspname !~ '^pg_'
  union all
  select case p.prokind when 'p' then 'procedure' when 'a' then 'aggregate' else 'function' end,
    pg_catalog.json_build_array(n.nspname, p.proname, pg_catalog.oidvectortypes(p.proargtypes))::text, 'pg_catalog.pg_proc'::pg_catalog.regclass::oid, p.ctid
  from pg_catalog.pg_proc p
  join pg_catalog.pg_namespace n on n.oid = p.pronamespace
  where p.xmin = pg_catalog.pg_current_xact_id()::xid and n.nspname !~ '^pg_'
  union all
  select 'schema', pg_catalog.json_build_array(n.nspname)::text, 'pg_catalog.pg_namespace'::pg_catalog.regclass::oid, n.ctid
  from pg_catalog.pg_namespace n
  where n.xmin = pg_catalog.pg_current_xact_id()::xid and n.nspname !~ '^pg_'
  union all
  select case t.typtype when 'e' then 'enum' when 'd' then 'domain' when 'c' then 'composite' else 'range' end,
    pg_catalog.json_build_array(n.nspname, t.typname)::text, 'pg_catalog.pg_type'::pg_catalog.regclass::oid, t.ctid
  from pg_catalog.pg_type t
  join pg_catalog.pg_namespace n on n.oid = t.typnamespace
  where t.xmin = pg_catalog.pg_current_xact_id()::xid and t.typtype in ('e', 'd', 'c', 'r') and n.nspname !~ '^pg_'
  union all
  select 'default-privileges',
    pg_catalog.json_build_array(pg_catalog.pg_get_userbyid(d.defaclrole), coalesce(n.nspname, ''), d.defaclobjtype)::text,
    'pg_catalog.pg_default_acl'::pg_catalog.regclass::oid, d.ctid
  from pg_catalog.pg_default_acl d
  left join pg_catalog.pg_namespace n on n.oid = d.defaclnamespace
  where d.xmin = pg_catalog.pg_current_xact_id()::xid
) touched
where not exists (
  select from pg_temp.palisade_seen seen where seen.class = touched.class and seen.place = touched.place
);
