select 'operator', 2617, o.oid, 0, '',
       json_build_array(n.nspname, format('%s (%s, %s)', o.oprname, coalesce(format_type(nullif(o.oprleft, 0), null), 'NONE'),
                                          format_type(o.oprright, null))),
       pg_get_userbyid(o.oprowner), null,
       json_build_object('opaque', json_build_object('create',
         format('CREATE OPERATOR %I.%s (%s)', n.nspname, o.oprname, concat_ws(', ',
           'FUNCTION = ' || o.oprcode::regproc,
           'LEFTARG = ' || format_type(nullif(o.oprleft, 0), null), 'RIGHTARG = ' || format_type(nullif(o.oprright, 0), null),
           'COMMUTATOR = ' || (select format('OPERATOR(%I.%s)', x.nspname, c.oprname) from pg_operator c join pg_namespace x on x.oid = c.oprnamespace where c.oid = o.oprcom),
           'NEGATOR = ' || (select format('OPERATOR(%I.%s)', x.nspname, c.oprname) from pg_operator c join pg_namespace x on x.oid = c.oprnamespace where c.oid = o.oprnegate),
           'RESTRICT = ' || nullif(o.oprrest::regproc::text, '-'), 'JOIN = ' || nullif(o.oprjoin::regproc::text, '-'),
           case when o.oprcanhash then 'HASHES' end, case when o.oprcanmerge then 'MERGES' end)),
         'then', '[]'::json))
  from pg_operator o join pg_namespace n on n.oid = o.oprnamespace
 -- Without a function it is a shell that only a commutator or negator has mentioned.
 where o.oprcode <> 0 and o.oid >= 16384 and n.nspname <> 'information_schema' and o.oid <> all ($members_2617)
union all
select 'operator-family', 2753, f.oid, 0, '', json_build_array(n.nspname, f.opfname, a.amname), pg_get_userbyid(f.opfowner), null,
       json_build_object('opaque', json_build_object('create',
         format('CREATE OPERATOR FAMILY %I.%I USING %I', n.nspname, f.opfname, a.amname),
         'then', (select coalesce(json_agg(format('ALTER OPERATOR FAMILY %I.%I USING %I ADD %s', n.nspname, f.opfname, a.amname, item) order by item), '[]')
                    from (select format('OPERATOR %s %s%s', p.amopstrategy, p.amopopr::regoperator,
                                        case when p.amopsortfamily <> 0 then (select format(' FOR ORDER BY %I.%I', sn.nspname, sf.opfname) from pg_opfamily sf join pg_namespace sn on sn.oid = sf.opfnamespace where sf.oid = p.amopsortfamily) end) as item
                            from pg_amop p where p.amopfamily = f.oid
                             and not exists (select from pg_depend d where d.classid = 2602 and d.objid = p.oid and d.refclassid = 2616)
                          union all
                          select format('FUNCTION %s (%s, %s) %s', p.amprocnum, format_type(p.amproclefttype, null), format_type(p.amprocrighttype, null), p.amproc::regprocedure)
                            from pg_amproc p where p.amprocfamily = f.oid
                             and not exists (select from pg_depend d where d.classid = 2603 and d.objid = p.oid and d.refclassid = 2616)) items)))
  from pg_opfamily f join pg_namespace n on n.oid = f.opfnamespace join pg_am a on a.oid = f.opfmethod
 where f.oid >= 16384 and n.nspname <> 'information_schema' and f.oid <> all ($members_2753)
union all
select 'operator-class', 2616, c.oid, 0, '', json_build_array(n.nspname, c.opcname, a.amname), pg_get_userbyid(c.opcowner), null,
       json_build_object('opaque', json_build_object('create',
         format('CREATE OPERATOR CLASS %I.%I%s FOR TYPE %s USING %I FAMILY %I.%I AS %s', n.nspname, c.opcname,
                case when c.opcdefault then ' DEFAULT' end, format_type(c.opcintype, null), a.amname, fn.nspname, f.opfname,
                (select string_agg(item, ', ' order by item)
                   from (select format('OPERATOR %s %s%s', p.amopstrategy, p.amopopr::regoperator,
                                       case when p.amopsortfamily <> 0 then (select format(' FOR ORDER BY %I.%I', sn.nspname, sf.opfname) from pg_opfamily sf join pg_namespace sn on sn.oid = sf.opfnamespace where sf.oid = p.amopsortfamily) end) as item
                           from pg_amop p join pg_depend d on d.classid = 2602 and d.objid = p.oid and d.refclassid = 2616 and d.refobjid = c.oid
                         union all
                         select format('FUNCTION %s (%s, %s) %s', p.amprocnum, format_type(p.amproclefttype, null), format_type(p.amprocrighttype, null), p.amproc::regprocedure)
                           from pg_amproc p join pg_depend d on d.classid = 2603 and d.objid = p.oid and d.refclassid = 2616 and d.refobjid = c.oid
                         union all
                         select 'STORAGE ' || format_type(nullif(c.opckeytype, 0), null)) items)),
         'then', '[]'::json))
  from pg_opclass c join pg_namespace n on n.oid = c.opcnamespace join pg_am a on a.oid = c.opcmethod
  join pg_opfamily f on f.oid = c.opcfamily join pg_namespace fn on fn.oid = f.opfnamespace
 where c.oid >= 16384 and n.nspname <> 'information_schema' and c.oid <> all ($members_2616)
