-- Foreign keys of partitions and to partitions follow from the one that was declared.
select 'constraint', 2606, k.oid, 0, case when k.contype in ('p', 'u', 'x') then '1259:' || k.conindid else '' end,
       array[n.nspname::text, c.relname::text, k.conname::text]::text, null, null,
       json_build_object('constraint', json_build_object(
         'kind', k.contype,
         'definition', pg_get_constraintdef(k.oid),
         'references', case when k.confrelid <> 0 then json_build_array(fn.nspname, f.relname) end,
         'deferrable', k.condeferrable,
         'deferred', k.condeferred,
         'validated', k.convalidated,
         'enforced', {{18:k.conenforced|true}},
         'no_inherit', k.connoinherit and k.contype = 'c',
         'local', k.conislocal,
         'inherited', k.coninhcount,
         'parent', case when k.conparentid <> 0 then
                     (select json_build_array(pn.nspname, pc.relname, p.conname)
                        from pg_constraint p join pg_class pc on pc.oid = p.conrelid join pg_namespace pn on pn.oid = pc.relnamespace
                       where p.oid = k.conparentid) end,
         'index', case when k.contype in ('p', 'u', 'x') then json_build_object(
                     'options', coalesce(to_json(ic.reloptions), '[]'),
                     'tablespace', (select spcname from pg_tablespace s where s.oid = ic.reltablespace),
                     'clustered', i.indisclustered,
                     'replica_identity', i.indisreplident,
                     'comment', (select x.description from pg_description x
                                  where x.classoid = 1259 and x.objoid = k.conindid and x.objsubid = 0),
                     'statistics', case when i.indexprs is null then '[]' else
                       coalesce((select json_agg(json_build_array(a.attnum, a.attstattarget) order by a.attnum)
                                   from pg_attribute a
                                  where a.attrelid = k.conindid and a.attstattarget >= 0), '[]') end) end))
  from pg_constraint k
  join pg_class c on c.oid = k.conrelid
  join pg_namespace n on n.oid = c.relnamespace
  left join pg_class f on f.oid = k.confrelid
  left join pg_namespace fn on fn.oid = f.relnamespace
  left join pg_index i on i.indexrelid = k.conindid and k.contype in ('p', 'u', 'x')
  left join pg_class ic on ic.oid = i.indexrelid
 where k.contype in ('c', 'f', 'p', 'u', 'x') and (k.contype <> 'f' or k.conparentid = 0) and c.oid >= 16384
   and c.relpersistence <> 't' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and c.oid <> all ($members_1259)
