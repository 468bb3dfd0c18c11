select 'text-search-parser', 3601, p.oid, 0, '', json_build_array(n.nspname, p.prsname), null, null,
       json_build_object('opaque', json_build_object('create',
         format('CREATE TEXT SEARCH PARSER %I.%I (START = %s, GETTOKEN = %s, END = %s%s, LEXTYPES = %s)', n.nspname, p.prsname,
                p.prsstart::regproc, p.prstoken::regproc, p.prsend::regproc,
                ', HEADLINE = ' || nullif(p.prsheadline::regproc::text, '-'), p.prslextype::regproc),
         'then', '[]'::json))
  from pg_ts_parser p join pg_namespace n on n.oid = p.prsnamespace
 where p.oid >= 16384 and n.nspname <> 'information_schema' and p.oid <> all ($members_3601)
union all
select 'text-search-template', 3764, t.oid, 0, '', json_build_array(n.nspname, t.tmplname), null, null,
       json_build_object('opaque', json_build_object('create',
         format('CREATE TEXT SEARCH TEMPLATE %I.%I (%sLEXIZE = %s)', n.nspname, t.tmplname,
                'INIT = ' || nullif(t.tmplinit::regproc::text, '-') || ', ', t.tmpllexize::regproc),
         'then', '[]'::json))
  from pg_ts_template t join pg_namespace n on n.oid = t.tmplnamespace
 where t.oid >= 16384 and n.nspname <> 'information_schema' and t.oid <> all ($members_3764)
union all
select 'text-search-dictionary', 3600, d.oid, 0, '', json_build_array(n.nspname, d.dictname), pg_get_userbyid(d.dictowner), null,
       json_build_object('opaque', json_build_object('create',
         format('CREATE TEXT SEARCH DICTIONARY %I.%I (TEMPLATE = %I.%I%s)', n.nspname, d.dictname, tn.nspname, t.tmplname,
                ', ' || d.dictinitoption),
         'then', '[]'::json))
  from pg_ts_dict d join pg_namespace n on n.oid = d.dictnamespace
  join pg_ts_template t on t.oid = d.dicttemplate join pg_namespace tn on tn.oid = t.tmplnamespace
 where d.oid >= 16384 and n.nspname <> 'information_schema' and d.oid <> all ($members_3600)
union all
select 'text-search-configuration', 3602, c.oid, 0, '', json_build_array(n.nspname, c.cfgname), pg_get_userbyid(c.cfgowner), null,
       json_build_object('opaque', json_build_object('create',
         format('CREATE TEXT SEARCH CONFIGURATION %I.%I (PARSER = %I.%I)', n.nspname, c.cfgname, pn.nspname, p.prsname),
         'then', coalesce((
           select json_agg(format('ALTER TEXT SEARCH CONFIGURATION %I.%I ADD MAPPING FOR %I WITH %s', n.nspname, c.cfgname, m.alias, m.dicts)
                           order by m.maptokentype)
             from (select m.maptokentype,
                          (select t.alias from ts_token_type(c.cfgparser) t where t.tokid = m.maptokentype) as alias,
                          string_agg(format('%I.%I', dn.nspname, d.dictname), ', ' order by m.mapseqno) as dicts
                     from pg_ts_config_map m join pg_ts_dict d on d.oid = m.mapdict join pg_namespace dn on dn.oid = d.dictnamespace
                    where m.mapcfg = c.oid group by m.maptokentype) m), '[]')))
  from pg_ts_config c join pg_namespace n on n.oid = c.cfgnamespace
  join pg_ts_parser p on p.oid = c.cfgparser join pg_namespace pn on pn.oid = p.prsnamespace
 where c.oid >= 16384 and n.nspname <> 'information_schema' and c.oid <> all ($members_3602)
