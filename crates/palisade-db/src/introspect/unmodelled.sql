-- What has no model is named here. Class 0 is nobody's: these have no address of their own.
select 'unmodelled', 2617, o.oid, 0, '',
       json_build_array(format('shell operator %I.%s (%s, %s)', n.nspname, o.oprname, coalesce(format_type(nullif(o.oprleft, 0), null), 'NONE'),
                               format_type(o.oprright, null))),
       pg_get_userbyid(o.oprowner), null, json_build_object('opaque', json_build_object('create', '', 'then', '[]'::json))
  from pg_operator o join pg_namespace n on n.oid = o.oprnamespace
 where o.oprcode = 0 and o.oid >= 16384 and o.oid <> all ($members_2617)
union all
-- `ALTER FUNCTION ... DEPENDS ON EXTENSION ...`
select 'unmodelled', 0, d.objid, 0, '',
       json_build_array(format('dependence of %s on extension %I', pg_describe_object(d.classid, d.objid, d.objsubid), e.extname)),
       null, null, json_build_object('opaque', json_build_object('create', '', 'then', '[]'::json))
  from pg_depend d join pg_extension e on e.oid = d.refobjid
 where d.deptype = 'x' and d.refclassid = 3079
union all
-- `ALTER TABLE ... DISABLE TRIGGER ALL` reaches those of foreign keys and deferrable constraints too.
select 'unmodelled', 0, k.oid, 0, '',
       json_build_array(format('state of the triggers of constraint %I on %I.%I', k.conname, n.nspname, c.relname)), null, null,
       json_build_object('opaque', json_build_object(
         'create', string_agg(concat(gn.nspname, '.', gc.relname, ' ', g.tgtype, ' ', g.tgenabled), ', '
                              order by gn.nspname, gc.relname, g.tgtype, g.tgenabled), 'then', '[]'::json))
  from pg_trigger g
  join pg_constraint k on k.oid = g.tgconstraint
  join pg_class c on c.oid = k.conrelid
  join pg_namespace n on n.oid = c.relnamespace
  join pg_class gc on gc.oid = g.tgrelid
  join pg_namespace gn on gn.oid = gc.relnamespace
 where g.tgisinternal and g.tgenabled <> 'O' and n.nspname !~ '^pg_' and c.oid <> all ($members_1259)
 group by k.oid, k.conname, n.nspname, c.relname
union all
-- What was granted on or revoked from objects that came with Postgres or with an extension.
select 'unmodelled', 0, coalesce(e.oid, 0), 0, '',
       json_build_array(case when e.oid is null then 'privileges of system objects'
                             else format('privileges of members of extension %I', e.extname) end),
       null, null,
       json_build_object('opaque', json_build_object(
         'create', string_agg(pg_describe_object(h.class, h.oid, 0) || ': '
                              || (select string_agg(item::text, ' ' order by item::text) from unnest(h.acl) item), E'\n'
                              order by pg_describe_object(h.class, h.oid, 0)), 'then', '[]'::json))
  from (select 1259 as class, oid, relacl as acl, relnamespace as lies_in from pg_class where relacl is not null
        union all select 1255, oid, proacl, pronamespace from pg_proc where proacl is not null
        union all select 1247, oid, typacl, typnamespace from pg_type where typacl is not null
        union all select 2615, oid, nspacl, oid from pg_namespace where nspacl is not null and oid <> 2200
        union all select 2612, oid, lanacl, 0 from pg_language where lanacl is not null
        union all select 2328, oid, fdwacl, 0 from pg_foreign_data_wrapper where fdwacl is not null) h
  left join pg_depend d on d.classid = h.class and d.objid = h.oid and d.deptype = 'e'
  left join pg_extension e on e.oid = d.refobjid
  left join pg_init_privs i on i.classoid = h.class and i.objoid = h.oid and i.objsubid = 0
 where (h.oid < 16384 or e.oid is not null) and h.lies_in <> 'information_schema'::regnamespace
   and not coalesce(h.acl @> i.initprivs and i.initprivs @> h.acl, false)
 group by e.oid, e.extname
