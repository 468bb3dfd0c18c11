select case t.typtype when 'e' then 'enum' when 'd' then 'domain' when 'r' then 'range' when 'c' then 'composite' else 'unmodelled' end,
       1247, t.oid, 0,
       concat_ws(' ', '1247:' || t.typarray, case when t.typtype = 'c' then '1259:' || t.typrelid end,
                 case when t.typtype = 'r' then (select '1247:' || r.rngmultitypid || ' 1247:' || m.typarray
                                                   from pg_range r join pg_type m on m.oid = r.rngmultitypid where r.rngtypid = t.oid) end),
       case when t.typtype in ('e', 'd', 'r', 'c') then json_build_array(n.nspname, t.typname)
            else json_build_array(case when t.typisdefined then 'base type ' else 'shell type ' end || quote_ident(n.nspname) || '.' || quote_ident(t.typname)) end,
       pg_get_userbyid(t.typowner), coalesce(t.typacl, acldefault('T', t.typowner))::text,
       case t.typtype
         when 'e' then json_build_object('enum', json_build_object('labels',
           coalesce((select json_agg(e.enumlabel order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid), '[]')))
         when 'd' then json_build_object('domain', json_build_object(
           'base', format_type(t.typbasetype, t.typtypmod),
           'collation', (select quote_ident(ln.nspname) || '.' || quote_ident(l.collname)
                           from pg_collation l join pg_namespace ln on ln.oid = l.collnamespace
                           join pg_type b on b.oid = t.typbasetype
                          where l.oid = t.typcollation and l.oid <> b.typcollation),
           'default', pg_get_expr(t.typdefaultbin, 0),
           'not_null', t.typnotnull,
           'not_null_name', {{17:(select k.conname from pg_constraint k where k.contypid = t.oid and k.contype = 'n')|null}},
           'not_null_comment', {{17:(select x.description from pg_constraint k join pg_description x on x.classoid = 2606 and x.objoid = k.oid
                                     where k.contypid = t.oid and k.contype = 'n')|null}}))
         when 'r' then (
           select json_build_object('range', json_build_object(
                    'subtype', format_type(r.rngsubtype, null),
                    'operator_class', quote_ident(pn.nspname) || '.' || quote_ident(p.opcname),
                    'default_class', p.opcdefault,
                    'collation', (select quote_ident(ln.nspname) || '.' || quote_ident(l.collname)
                                    from pg_collation l join pg_namespace ln on ln.oid = l.collnamespace
                                    join pg_type b on b.oid = r.rngsubtype
                                   where l.oid = r.rngcollation and l.oid <> b.typcollation),
                    'canonical', nullif(r.rngcanonical::regproc::text, '-'),
                    'difference', nullif(r.rngsubdiff::regproc::text, '-'),
                    'multirange', m.typname))
             from pg_range r join pg_opclass p on p.oid = r.rngsubopc join pg_namespace pn on pn.oid = p.opcnamespace
             join pg_type m on m.oid = r.rngmultitypid
            where r.rngtypid = t.oid)
         when 'c' then json_build_object('composite', json_build_object('attributes',
           coalesce((select json_agg(json_build_object(
                              'name', a.attname,
                              'data_type', format_type(a.atttypid, a.atttypmod),
                              'collation', case when a.attcollation <> y.typcollation and a.attcollation <> 0
                                                then (select quote_ident(ln.nspname) || '.' || quote_ident(l.collname)
                                                        from pg_collation l join pg_namespace ln on ln.oid = l.collnamespace
                                                       where l.oid = a.attcollation) end,
                              'comment', col_description(a.attrelid, a.attnum)) order by a.attnum)
                       from pg_attribute a join pg_type y on y.oid = a.atttypid
                      where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped), '[]')))
         else json_build_object('opaque', json_build_object('create', '', 'then', '[]'::json)) end
  from pg_type t
  join pg_namespace n on n.oid = t.typnamespace
  left join pg_class c on c.oid = t.typrelid
 where t.oid >= 16384 and (t.typtype in ('e', 'd', 'r') or (t.typtype = 'c' and c.relkind = 'c')
                           or (t.typtype in ('b', 'p') and t.typelem = 0)
                           or (t.typtype = 'b' and t.typelem <> 0
                               and not exists (select from pg_type e where e.oid = t.typelem and e.typarray = t.oid)))
   and n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and t.oid <> all ($members_1247)
