-- One row per object: kind, name, definition. All text forms are the server's own, made with an empty search_path.
-- Owners are left out: the same schema belongs to different roles in different environments.
-- $filter is replaced by a condition on the schema name `nspname`.
with schemas as materialized (
  select n.oid, n.nspname, pg_catalog.quote_ident(n.nspname) as quoted, n.nspacl, n.nspowner
    from pg_catalog.pg_namespace n
   where $filter
     and not exists (select from pg_catalog.pg_depend d
                      where d.classid = 'pg_catalog.pg_namespace'::regclass and d.objid = n.oid and d.deptype = 'e')
),
members as materialized (
  select classid, objid from pg_catalog.pg_depend where deptype = 'e'
),
relations as materialized (
  select c.*, s.quoted || '.' || pg_catalog.quote_ident(c.relname) as name
    from pg_catalog.pg_class c join schemas s on s.oid = c.relnamespace
   where not exists (select from members m where m.classid = 'pg_catalog.pg_class'::regclass and m.objid = c.oid)
),
tables as materialized (select * from relations where relkind in ('r', 'p', 'f')),
functions as materialized (
  select p.*, s.quoted || '.' || pg_catalog.quote_ident(p.proname)
              || '(' || pg_catalog.pg_get_function_identity_arguments(p.oid) || ')' as name
    from pg_catalog.pg_proc p join schemas s on s.oid = p.pronamespace
   -- Those that a range type brings with it depend on it internally.
   where not exists (select from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_proc'::regclass and d.objid = p.oid
                                                          and d.deptype in ('e', 'i'))
),
types as materialized (
  select t.*, s.quoted || '.' || pg_catalog.quote_ident(t.typname) as name
    from pg_catalog.pg_type t join schemas s on s.oid = t.typnamespace
   where t.typtype in ('e', 'd', 'r', 'c')
     and (t.typtype <> 'c' or exists (select from relations r where r.oid = t.typrelid and r.relkind = 'c'))
     and not exists (select from members m where m.classid = 'pg_catalog.pg_type'::regclass and m.objid = t.oid)
),
acls as (
  select 'schema ' || quoted as name, nspowner as owner, coalesce(nspacl, pg_catalog.acldefault('n', nspowner)) as acl
    from schemas
  union all
  select case relkind when 'S' then 'sequence ' else 'table ' end || name, relowner,
         coalesce(relacl, pg_catalog.acldefault(case relkind when 'S' then 's'::"char" else 'r'::"char" end, relowner))
    from relations where relkind in ('r', 'p', 'f', 'v', 'm', 'S')
  union all
  select 'column ' || t.name || '.' || pg_catalog.quote_ident(a.attname), t.relowner, a.attacl
    from relations t join pg_catalog.pg_attribute a on a.attrelid = t.oid
   where a.attacl is not null and not a.attisdropped
  union all
  select 'function ' || name, proowner, coalesce(proacl, pg_catalog.acldefault('f', proowner)) from functions
  union all
  select 'type ' || name, typowner, coalesce(typacl, pg_catalog.acldefault('T', typowner)) from types
)
select 'schema' as kind, quoted as name, '' as definition from schemas where nspname <> 'public'
union all
select 'extension', pg_catalog.quote_ident(e.extname), 'schema ' || s.quoted
  from pg_catalog.pg_extension e join schemas s on s.oid = e.extnamespace
union all
select 'type', t.name,
       case t.typtype
         when 'e' then 'enum (' || coalesce((select string_agg(pg_catalog.quote_literal(e.enumlabel), ', ' order by e.enumsortorder)
                                               from pg_catalog.pg_enum e where e.enumtypid = t.oid), '') || ')'
         when 'd' then pg_catalog.concat_ws(' ', 'domain', pg_catalog.format_type(t.typbasetype, t.typtypmod),
                                            case when t.typnotnull then 'not null' end, 'default ' || t.typdefault,
                                            'collate ' || (select collname from pg_catalog.pg_collation
                                                            where oid = t.typcollation and collname <> 'default'))
         when 'r' then 'range of ' || (select pg_catalog.format_type(r.rngsubtype, null)
                                         from pg_catalog.pg_range r where r.rngtypid = t.oid)
         else 'composite (' || coalesce((select string_agg(pg_catalog.quote_ident(a.attname) || ' '
                                                   || pg_catalog.format_type(a.atttypid, a.atttypmod), ', ' order by a.attnum)
                                           from pg_catalog.pg_attribute a
                                          where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped), '') || ')'
       end
  from types t
union all
select 'sequence', r.name,
       pg_catalog.concat_ws(' ', pg_catalog.format_type(q.seqtypid, null), 'start', q.seqstart, 'increment', q.seqincrement,
                            'min', q.seqmin, 'max', q.seqmax, 'cache', q.seqcache, case when q.seqcycle then 'cycle' end,
                            'owned by ' || (select o.name || '.' || pg_catalog.quote_ident(a.attname)
                                              from pg_catalog.pg_depend d
                                              join relations o on o.oid = d.refobjid
                                              join pg_catalog.pg_attribute a on a.attrelid = o.oid and a.attnum = d.refobjsubid
                                             where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = r.oid
                                               and d.refclassid = 'pg_catalog.pg_class'::regclass and d.deptype = 'a'))
  from relations r join pg_catalog.pg_sequence q on q.seqrelid = r.oid
 where not exists (select from pg_catalog.pg_depend d
                    where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = r.oid and d.deptype = 'i')
union all
select 'table', t.name,
       pg_catalog.concat_ws(' ', case t.relkind when 'f' then 'foreign' when 'p' then 'partitioned' else 'ordinary' end,
                            case t.relpersistence when 'u' then 'unlogged' end,
                            'partition by ' || case when t.relkind = 'p' then pg_catalog.pg_get_partkeydef(t.oid) end,
                            (select 'child of ' || string_agg(i.inhparent::regclass::pg_catalog.text, ', ' order by i.inhseqno)
                               from pg_catalog.pg_inherits i where i.inhrelid = t.oid having count(*) > 0),
                            pg_catalog.pg_get_expr(t.relpartbound, t.oid),
                            'with (' || pg_catalog.array_to_string(t.reloptions, ', ') || ')',
                            case t.relreplident when 'd' then null else 'replica identity ' || t.relreplident::pg_catalog.text end)
  from tables t
union all
select 'column', t.name || '.' || pg_catalog.quote_ident(a.attname),
       pg_catalog.concat_ws(' ', pg_catalog.format_type(a.atttypid, a.atttypmod),
                            'collate ' || (select pg_catalog.quote_ident(l.collname) from pg_catalog.pg_collation l
                                            where l.oid = a.attcollation
                                              and l.oid <> (select y.typcollation from pg_catalog.pg_type y where y.oid = a.atttypid)),
                            case when a.attnotnull then 'not null' end,
                            case a.attidentity when 'a' then 'generated always as identity'
                                               when 'd' then 'generated by default as identity' end,
                            case when a.attgenerated <> '' then 'generated (' || a.attgenerated::pg_catalog.text || ') as ' else 'default ' end
                              || pg_catalog.pg_get_expr(f.adbin, f.adrelid))
  from tables t
  join pg_catalog.pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
  left join pg_catalog.pg_attrdef f on f.adrelid = a.attrelid and f.adnum = a.attnum
union all
select 'constraint', coalesce(t.name, y.name) || '.' || pg_catalog.quote_ident(k.conname), pg_catalog.pg_get_constraintdef(k.oid)
  from pg_catalog.pg_constraint k left join tables t on t.oid = k.conrelid left join types y on y.oid = k.contypid
 where (t.oid is not null or y.oid is not null)
   -- NOT NULL stands with the column; since 18 it is a constraint as well.
   and k.contype <> 'n' and k.conparentid = 0
union all
select 'index', r.name,
       pg_catalog.pg_get_indexdef(r.oid) || case when i.indisvalid then '' else ' (invalid)' end
  from relations r join pg_catalog.pg_index i on i.indexrelid = r.oid
 where not exists (select from pg_catalog.pg_constraint k where k.conindid = r.oid and k.contype in ('p', 'u', 'x'))
   and not exists (select from pg_catalog.pg_inherits h where h.inhrelid = r.oid)
union all
select 'view', v.name,
       pg_catalog.concat_ws(' ', case v.relkind when 'm' then 'materialized' end,
                            'with (' || pg_catalog.array_to_string(v.reloptions, ', ') || ')', pg_catalog.pg_get_viewdef(v.oid))
  from relations v where v.relkind in ('v', 'm')
union all
select 'function', p.name,
       case when p.prokind = 'a'
            then (select pg_catalog.concat_ws(' ', 'aggregate', g.aggtransfn::regprocedure, pg_catalog.format_type(g.aggtranstype, null),
                                              g.aggfinalfn::regproc, g.agginitval)
                    from pg_catalog.pg_aggregate g where g.aggfnoid = p.oid)
            else pg_catalog.pg_get_functiondef(p.oid) end
  from functions p
union all
select 'trigger', t.name || '.' || pg_catalog.quote_ident(g.tgname),
       pg_catalog.pg_get_triggerdef(g.oid) || case g.tgenabled when 'O' then '' else ' (state ' || g.tgenabled::pg_catalog.text || ')' end
  from pg_catalog.pg_trigger g join relations t on t.oid = g.tgrelid
 where not g.tgisinternal and g.tgparentid = 0
union all
select 'rule', t.name || '.' || pg_catalog.quote_ident(u.rulename), pg_catalog.pg_get_ruledef(u.oid)
  from pg_catalog.pg_rewrite u join relations t on t.oid = u.ev_class
 where u.rulename <> '_RETURN'
union all
select 'row-security', name, case when relrowsecurity then 'enabled' else 'disabled' end || case when relforcerowsecurity then ', forced' else '' end
  from tables where relrowsecurity or relforcerowsecurity
union all
select 'policy', t.name || '.' || pg_catalog.quote_ident(p.polname),
       pg_catalog.concat_ws(' ', case when p.polpermissive then 'permissive' else 'restrictive' end,
                            case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update'
                                          when 'd' then 'delete' else 'all' end,
                            'to ' || (select string_agg(case when m = 0 then 'public' else pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(m)) end, ', '
                                               order by case when m = 0 then 'public' else pg_catalog.pg_get_userbyid(m) end)
                                        from unnest(p.polroles) m),
                            'using (' || pg_catalog.pg_get_expr(p.polqual, p.polrelid) || ')',
                            'with check (' || pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid) || ')')
  from pg_catalog.pg_policy p join tables t on t.oid = p.polrelid
union all
select 'grant', a.name,
       string_agg(case when x.grantee = 0 then 'public' else pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(x.grantee)) end
                  || ': ' || x.privilege_type || case when x.is_grantable then ' with grant option' else '' end, ', '
                  order by case when x.grantee = 0 then 'public' else pg_catalog.pg_get_userbyid(x.grantee) end, x.privilege_type)
  from acls a, pg_catalog.aclexplode(a.acl) x
 where x.grantee <> a.owner
 group by a.name
union all
select 'comment', i.type || ' ' || i.identity, d.description
  from pg_catalog.pg_description d, pg_catalog.pg_identify_object(d.classoid, d.objoid, d.objsubid) i
 where (i.schema in (select pg_catalog.quote_ident(nspname) from schemas)
        or (d.classoid = 'pg_catalog.pg_namespace'::regclass and d.objoid in (select oid from schemas where nspname <> 'public'))
        or (d.classoid in ('pg_catalog.pg_constraint'::regclass, 'pg_catalog.pg_trigger'::regclass, 'pg_catalog.pg_policy'::regclass)
            and exists (select from relations r where pg_catalog.strpos(i.identity, ' on ' || r.name) > 0)))
   and not exists (select from members m where m.classid = d.classoid and m.objid = d.objoid)
