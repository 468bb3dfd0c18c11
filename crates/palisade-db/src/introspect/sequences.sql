select case when d.deptype = 'i' then 'identity-sequence' else 'sequence' end, 1259, c.oid, 0, '', n.nspname, c.relname, null, pg_get_userbyid(c.relowner),
       coalesce(c.relacl, acldefault('s', c.relowner)),
       case when d.deptype = 'i' then '"identity-sequence"'::json else json_build_object('sequence', json_build_object(
         'options', json_build_object(
           'data_type', format_type(s.seqtypid, null), 'start', s.seqstart::text, 'increment', s.seqincrement::text,
           'min', s.seqmin::text, 'max', s.seqmax::text, 'cache', s.seqcache::text, 'cycle', s.seqcycle,
           'unlogged', c.relpersistence = 'u'),
         'owned_by', case when d.refobjid is not null then json_build_array(tn.nspname, t.relname, a.attname) end)) end
  from pg_sequence s
  join pg_class c on c.oid = s.seqrelid
  join pg_namespace n on n.oid = c.relnamespace
  left join pg_depend d on d.classid = 1259 and d.objid = c.oid and d.refclassid = 1259 and d.refobjsubid > 0 and d.deptype in ('a', 'i')
  left join pg_class t on t.oid = d.refobjid
  left join pg_namespace tn on tn.oid = t.relnamespace
  left join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
 where c.oid >= 16384 and c.relpersistence <> 't'
   and n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and c.oid <> all ($members_1259)
