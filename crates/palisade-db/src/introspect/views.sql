select case c.relkind when 'v' then 'view' else 'materialized-view' end, 1259, c.oid, 0,
       concat('2618:', r.oid, ' 1247:', c.reltype, ' 1247:', y.typarray), json_build_array(n.nspname, c.relname),
       pg_get_userbyid(c.relowner), coalesce(c.relacl, acldefault('r', c.relowner))::text,
       json_build_object('view', json_build_object(
         'query', rtrim(pg_get_viewdef(c.oid), ';'),
         'options', coalesce((select json_agg(o) from (select unnest(c.reloptions) o
                                                       union all select 'toast.' || unnest(t.reloptions)) all_of_them), '[]'),
         'access_method', nullif(am.amname, 'heap'),
         'tablespace', s.spcname,
         'populated', c.relispopulated))
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  join pg_rewrite r on r.ev_class = c.oid and r.rulename = '_RETURN'
  left join pg_type y on y.oid = c.reltype
  left join pg_class t on t.oid = c.reltoastrelid and t.reloptions is not null
  left join pg_am am on am.oid = c.relam
  left join pg_tablespace s on s.oid = c.reltablespace
 where c.relkind in ('v', 'm') and c.relpersistence <> 't' and c.oid >= 16384
   and n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and c.oid <> all ($members_1259)
