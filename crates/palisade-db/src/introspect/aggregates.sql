select 'aggregate', 1255, p.oid, 0, '',
       json_build_array(n.nspname, p.proname, case when p.pronargs = 0 then '*' else oidvectortypes(p.proargtypes) end),
       pg_get_userbyid(p.proowner), coalesce(p.proacl, acldefault('f', p.proowner))::text,
       json_build_object('aggregate', json_build_object(
         'arguments', case when p.pronargs = 0 then '*' else pg_get_function_arguments(p.oid) end,
         'result', pg_get_function_result(p.oid),
         'options', concat_ws(', ',
           'SFUNC = ' || a.aggtransfn::regproc::text,
           'STYPE = ' || format_type(a.aggtranstype, null),
           'SSPACE = ' || nullif(a.aggtransspace, 0),
           'FINALFUNC = ' || nullif(a.aggfinalfn::regproc::text, '-'),
           case when a.aggfinalextra then 'FINALFUNC_EXTRA' end,
           case when a.aggfinalfn <> 0 and a.aggfinalmodify <> case when a.aggkind = 'n' then 'r' else 'w' end then
             'FINALFUNC_MODIFY = ' || case a.aggfinalmodify when 'r' then 'READ_ONLY' when 's' then 'SHAREABLE' else 'READ_WRITE' end end,
           'COMBINEFUNC = ' || nullif(a.aggcombinefn::regproc::text, '-'),
           'SERIALFUNC = ' || nullif(a.aggserialfn::regproc::text, '-'),
           'DESERIALFUNC = ' || nullif(a.aggdeserialfn::regproc::text, '-'),
           'INITCOND = ' || quote_literal(a.agginitval),
           'MSFUNC = ' || nullif(a.aggmtransfn::regproc::text, '-'),
           'MINVFUNC = ' || nullif(a.aggminvtransfn::regproc::text, '-'),
           'MSTYPE = ' || case when a.aggmtranstype <> 0 then format_type(a.aggmtranstype, null) end,
           'MSSPACE = ' || nullif(a.aggmtransspace, 0),
           'MFINALFUNC = ' || nullif(a.aggmfinalfn::regproc::text, '-'),
           case when a.aggmfinalextra then 'MFINALFUNC_EXTRA' end,
           case when a.aggmfinalfn <> 0 and a.aggmfinalmodify <> case when a.aggkind = 'n' then 'r' else 'w' end then
             'MFINALFUNC_MODIFY = ' || case a.aggmfinalmodify when 'r' then 'READ_ONLY' when 's' then 'SHAREABLE' else 'READ_WRITE' end end,
           'MINITCOND = ' || quote_literal(a.aggminitval),
           'SORTOP = ' || (select 'OPERATOR(' || quote_ident(sn.nspname) || '.' || o.oprname || ')'
                             from pg_operator o join pg_namespace sn on sn.oid = o.oprnamespace where o.oid = a.aggsortop),
           case when p.proparallel <> 'u' then
             'PARALLEL = ' || case p.proparallel when 's' then 'SAFE' else 'RESTRICTED' end end,
           case when a.aggkind = 'h' then 'HYPOTHETICAL' end)))
  from pg_proc p
  join pg_namespace n on n.oid = p.pronamespace
  join pg_aggregate a on a.aggfnoid = p.oid
 where p.prokind = 'a' and p.oid >= 16384 and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
   and p.oid <> all ($members_1255)
