select 'table', 1259, c.oid, 0, concat('1247:', y.oid, ' 1247:', y.typarray), n.nspname, c.relname, null,
       pg_get_userbyid(c.relowner), coalesce(c.relacl, acldefault('r', c.relowner)),
       json_build_object('table', json_build_object(
         'kind', c.relkind,
         'unlogged', c.relpersistence = 'u',
         'access_method', nullif(am.amname, 'heap'),
         'tablespace', s.spcname,
         'partition_key', case when c.relkind = 'p' then pg_get_partkeydef(c.oid) end,
         'parents', case when c.relispartition or c.relhassubclass or exists (select from pg_inherits i where i.inhrelid = c.oid)
                         then coalesce((select json_agg(json_build_array(pn.nspname, p.relname) order by i.inhseqno)
                                          from pg_inherits i join pg_class p on p.oid = i.inhparent
                                          join pg_namespace pn on pn.oid = p.relnamespace
                                         where i.inhrelid = c.oid), '[]')
                         else '[]' end,
         'bound', case when c.relispartition then pg_get_expr(c.relpartbound, c.oid) end,
         'of_type', case when c.reloftype <> 0 then format_type(c.reloftype, null) end,
         'options', coalesce(to_json(c.reloptions), '[]'),
         'toast_options', coalesce(to_json(t.reloptions), '[]'),
         'replica_identity', c.relreplident,
         'server', fs.srvname,
         'foreign_options', coalesce(to_json(ft.ftoptions), '[]')))
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  left join pg_type y on y.oid = c.reltype
  left join pg_class t on t.oid = c.reltoastrelid and t.reloptions is not null
  left join pg_am am on am.oid = c.relam
  left join pg_tablespace s on s.oid = c.reltablespace
  left join pg_foreign_table ft on ft.ftrelid = c.oid
  left join pg_foreign_server fs on fs.oid = ft.ftserver
 where c.relkind in ('r', 'p', 'f') and c.relpersistence <> 't' and c.oid >= 16384
   and n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and c.oid <> all ($members_1259)
