select 'collation', 3456, c.oid, 0, '', json_build_array(n.nspname, c.collname), pg_get_userbyid(c.collowner), null,
       json_build_object('opaque', json_build_object('create',
         format('CREATE COLLATION %I.%I (%s)', n.nspname, c.collname, concat_ws(', ',
           'provider = ' || case c.collprovider when 'c' then 'libc' when 'i' then 'icu' when 'b' then 'builtin' else 'default' end,
           case when not c.collisdeterministic then 'deterministic = false' end,
           'locale = ' || quote_literal(coalesce({{17:c.colllocale|c.colliculocale}}, case when c.collcollate = c.collctype then c.collcollate end)),
           case when c.collcollate <> c.collctype then 'lc_collate = ' || quote_literal(c.collcollate) || ', lc_ctype = ' || quote_literal(c.collctype) end
           {{16:, 'rules = ' || quote_literal(c.collicurules)|}})),
         'then', '[]'::json))
  from pg_collation c join pg_namespace n on n.oid = c.collnamespace
 where c.oid >= 16384 and n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and c.oid <> all ($members_3456)
union all
select 'conversion', 2607, c.oid, 0, '', json_build_array(n.nspname, c.conname), pg_get_userbyid(c.conowner), null,
       json_build_object('opaque', json_build_object('create',
         format('CREATE%s CONVERSION %I.%I FOR %L TO %L FROM %s', case when c.condefault then ' DEFAULT' end, n.nspname, c.conname,
                pg_encoding_to_char(c.conforencoding), pg_encoding_to_char(c.contoencoding), c.conproc::regproc),
         'then', '[]'::json))
  from pg_conversion c join pg_namespace n on n.oid = c.connamespace
 where c.oid >= 16384 and n.nspname <> 'information_schema' and c.oid <> all ($members_2607)
union all
select 'cast', 2605, c.oid, 0, '',
       json_build_array(format('(%s AS %s)', format_type(c.castsource, null), format_type(c.casttarget, null))), null, null,
       json_build_object('opaque', json_build_object('create',
         format('CREATE CAST (%s AS %s) %s%s', format_type(c.castsource, null), format_type(c.casttarget, null),
                case c.castmethod when 'b' then 'WITHOUT FUNCTION' when 'i' then 'WITH INOUT'
                                  else 'WITH FUNCTION ' || c.castfunc::regprocedure end,
                case c.castcontext when 'a' then ' AS ASSIGNMENT' when 'i' then ' AS IMPLICIT' end),
         'then', '[]'::json))
  from pg_cast c
 where c.oid >= 16384 and c.oid <> all ($members_2605)
   -- A range brings the cast to its multirange.
   and not exists (select from pg_depend d where d.classid = 2605 and d.objid = c.oid and d.deptype = 'i')
union all
select 'transform', 3576, t.oid, 0, '',
       json_build_array(format('FOR %s LANGUAGE %I', format_type(t.trftype, null), l.lanname)), null, null,
       json_build_object('opaque', json_build_object('create',
         format('CREATE TRANSFORM FOR %s LANGUAGE %I (%s)', format_type(t.trftype, null), l.lanname, concat_ws(', ',
                'FROM SQL WITH FUNCTION ' || nullif(t.trffromsql::regprocedure::text, '-'),
                'TO SQL WITH FUNCTION ' || nullif(t.trftosql::regprocedure::text, '-'))),
         'then', '[]'::json))
  from pg_transform t join pg_language l on l.oid = t.trflang where t.oid <> all ($members_3576)
union all
select 'access-method', 2601, a.oid, 0, '', json_build_array(a.amname), null, null,
       json_build_object('opaque', json_build_object('create',
         format('CREATE ACCESS METHOD %I TYPE %s HANDLER %s', a.amname, case a.amtype when 'i' then 'INDEX' else 'TABLE' end, a.amhandler::regproc),
         'then', '[]'::json))
  from pg_am a where a.oid >= 16384 and a.oid <> all ($members_2601)
union all
select 'language', 2612, l.oid, 0, '', json_build_array(l.lanname), pg_get_userbyid(l.lanowner),
       coalesce(l.lanacl, acldefault('l', l.lanowner))::text,
       json_build_object('opaque', json_build_object('create',
         concat(format('CREATE %sLANGUAGE %I HANDLER %s', case when l.lanpltrusted then 'TRUSTED ' end, l.lanname, l.lanplcallfoid::regproc),
                ' INLINE ' || nullif(l.laninline::regproc::text, '-'), ' VALIDATOR ' || nullif(l.lanvalidator::regproc::text, '-')),
         'then', '[]'::json))
  from pg_language l where l.lanispl and l.oid <> all ($members_2612)
union all
select 'statistics', 3381, s.oid, 0, '', json_build_array(n.nspname, s.stxname), pg_get_userbyid(s.stxowner), null,
       json_build_object('opaque', json_build_object('create', pg_get_statisticsobjdef(s.oid),
         'then', case when s.stxstattarget >= 0 then json_build_array(format('ALTER STATISTICS %I.%I SET STATISTICS %s', n.nspname, s.stxname, s.stxstattarget))
                      else '[]'::json end))
  from pg_statistic_ext s join pg_namespace n on n.oid = s.stxnamespace
 where s.oid >= 16384 and n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and s.oid <> all ($members_3381)
