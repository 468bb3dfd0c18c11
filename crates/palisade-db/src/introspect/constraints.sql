-- Foreign keys of partitions and to partitions follow from the one that was declared.
select 'constraint', 2606, k.oid, 0, case when k.contype in ('p', 'u', 'x') then '1259:' || k.conindid else '' end,
       n.nspname, c.relname, k.conname, null, null,
       concat('{"constraint":{"kind":"', k.contype, '","definition":', to_json(pg_get_constraintdef(k.oid)),
              case when k.confrelid <> 0 then concat(',"references":[', to_json(fn.nspname), ',', to_json(f.relname), ']') end,
              ',"deferrable":', k.condeferrable::text, ',"deferred":', k.condeferred::text, ',"validated":', k.convalidated::text,
              ',"enforced":', {{18:k.conenforced::text|'true'}}, ',"no_inherit":', (k.connoinherit and k.contype = 'c')::text,
              ',"local":', k.conislocal::text, ',"inherited":', k.coninhcount,
              case when k.conparentid <> 0 then concat(',"parent":',
                     (select json_build_array(pn.nspname, pc.relname, p.conname)
                        from pg_constraint p join pg_class pc on pc.oid = p.conrelid join pg_namespace pn on pn.oid = pc.relnamespace
                       where p.oid = k.conparentid)) end,
              case when k.contype in ('p', 'u', 'x') then
                concat(',"index":{"clustered":', i.indisclustered::text, ',"replica_identity":', i.indisreplident::text,
                       case when ic.reloptions is not null then concat(',"options":', to_json(ic.reloptions)) end,
                       case when ic.reltablespace <> 0 then concat(',"tablespace":',
                              (select to_json(spcname) from pg_tablespace s where s.oid = ic.reltablespace)) end,
                       case when x.description is not null then concat(',"comment":', to_json(x.description)) end,
                       case when i.indexprs is not null then concat(',"statistics":',
                              coalesce((select json_agg(json_build_array(a.attnum, a.attstattarget) order by a.attnum)
                                          from pg_attribute a
                                         where a.attrelid = k.conindid and a.attstattarget >= 0), '[]')) end,
                       '}') end,
              '}}')
  from pg_constraint k
  join pg_class c on c.oid = k.conrelid
  join pg_namespace n on n.oid = c.relnamespace
  left join pg_class f on f.oid = k.confrelid
  left join pg_namespace fn on fn.oid = f.relnamespace
  left join pg_index i on i.indexrelid = k.conindid and k.contype in ('p', 'u', 'x')
  left join pg_class ic on ic.oid = i.indexrelid
  left join pg_description x on x.classoid = 1259 and x.objoid = i.indexrelid and x.objsubid = 0
 where k.contype in ('c', 'f', 'p', 'u', 'x') and (k.contype <> 'f' or k.conparentid = 0) and c.oid >= 16384
   and c.relpersistence <> 't' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and c.oid <> all ($members_1259)
