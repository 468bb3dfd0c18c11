-- Most columns have nothing special: what is left out is as if nobody had said anything. They have no definition, but what there is
-- to say in cells of its own behind it, which costs both sides less than JSON.
select 'column', 1259, a.attrelid, a.attnum,
       '', n.nspname, c.relname, a.attname, null, a.attacl,
       case when not (a.attidentity = '' and a.attstorage = y.typstorage and a.attcompression = '' and coalesce(a.attstattarget, -1) < 0
                 and a.attoptions is null and a.attfdwoptions is null
                 and (a.attcollation = y.typcollation or a.attcollation = 0) {{18:and nn.oid is null|}})
       then json_build_object('column', json_build_object(
         'position', a.attnum,
         'data_type', format_type(a.atttypid, a.atttypmod),
         'collation', case when a.attcollation <> y.typcollation and a.attcollation <> 0
                           then (select quote_ident(ln.nspname) || '.' || quote_ident(l.collname)
                                   from pg_collation l join pg_namespace ln on ln.oid = l.collnamespace where l.oid = a.attcollation)
                           end,
         'not_null', a.attnotnull,
         'not_null_name', {{18:nn.conname|null}},
         'not_null_comment', {{18:(select k.description from pg_description k where k.classoid = 2606 and k.objoid = nn.oid)|null}},
         'not_null_local', {{18:coalesce(nn.conislocal, false)|false}},
         'not_null_no_inherit', {{18:coalesce(nn.connoinherit, false)|false}},
         'not_null_validated', {{18:coalesce(nn.convalidated, true)|true}},
         'identity', case when a.attidentity <> '' then
           (select json_build_object(
                     'always', a.attidentity = 'a',
                     'sequence', json_build_array(qn.nspname, q.relname),
                     'options', json_build_object(
                       'data_type', format_type(s.seqtypid, null), 'start', s.seqstart::text, 'increment', s.seqincrement::text,
                       'min', s.seqmin::text, 'max', s.seqmax::text, 'cache', s.seqcache::text, 'cycle', s.seqcycle,
                       'unlogged', q.relpersistence = 'u'))
              from pg_depend d join pg_sequence s on s.seqrelid = d.objid join pg_class q on q.oid = d.objid
              join pg_namespace qn on qn.oid = q.relnamespace
             where d.refclassid = 1259 and d.refobjid = a.attrelid and d.refobjsubid = a.attnum and d.classid = 1259
               and d.deptype = 'i') end,
         'storage', case when a.attstorage <> y.typstorage then a.attstorage end,
         'compression', nullif(a.attcompression, ''),
         'statistics', case when a.attstattarget >= 0 then a.attstattarget end,
         'options', coalesce(to_json(a.attoptions), '[]'),
         'foreign_options', coalesce(to_json(a.attfdwoptions), '[]'),
         'local', a.attislocal,
         'inherited', a.attinhcount)) end,
       format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attislocal, a.attinhcount
  from pg_attribute a
  join pg_class c on c.oid = a.attrelid
  join pg_namespace n on n.oid = c.relnamespace
  join pg_type y on y.oid = a.atttypid
  {{18:left join pg_constraint nn on nn.conrelid = a.attrelid and nn.contype = 'n' and nn.conkey = array[a.attnum]|}}
 where a.attnum > 0 and not a.attisdropped and c.relkind in ('r', 'p', 'f', 'v', 'm') and c.relpersistence <> 't' and c.oid >= 16384
   and n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and c.oid <> all ($members_1259)
