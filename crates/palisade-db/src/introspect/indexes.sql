select 'index', 1259, c.oid, 0, '', n.nspname, c.relname, null, null, null,
       concat('{"index":{"definition":', to_json(pg_get_indexdef(c.oid)),
              ',"table":[', to_json(tn.nspname), ',', to_json(t.relname), ']',
              ',"unique":', i.indisunique::text, ',"valid":', i.indisvalid::text, ',"partitioned":', (c.relkind = 'I')::text,
              case when c.relispartition then concat(',"parent":',
                     (select json_build_array(pn.nspname, p.relname)
                        from pg_inherits h join pg_class p on p.oid = h.inhparent join pg_namespace pn on pn.oid = p.relnamespace
                       where h.inhrelid = c.oid)) end,
              ',"clustered":', i.indisclustered::text, ',"replica_identity":', i.indisreplident::text,
              case when s.oid is not null then concat(',"tablespace":', to_json(s.spcname)) end,
              case when i.indexprs is not null then concat(',"statistics":',
                     coalesce((select json_agg(json_build_array(a.attnum, a.attstattarget) order by a.attnum)
                                 from pg_attribute a where a.attrelid = c.oid and a.attstattarget >= 0), '[]')) end,
              '}}')
  from pg_index i
  join pg_class c on c.oid = i.indexrelid
  join pg_namespace n on n.oid = c.relnamespace
  join pg_class t on t.oid = i.indrelid
  join pg_namespace tn on tn.oid = t.relnamespace
  left join pg_tablespace s on s.oid = c.reltablespace
 where c.oid >= 16384 and t.relpersistence <> 't' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
   and t.oid <> all ($members_1259)
   and not exists (select from pg_constraint k where k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x'))
