select 'rule', 2618, r.oid, 0, '', json_build_array(n.nspname, c.relname, r.rulename), null, null,
       json_build_object('rule', json_build_object('definition', pg_get_ruledef(r.oid), 'enabled', r.ev_enabled))
  from pg_rewrite r
  join pg_class c on c.oid = r.ev_class
  join pg_namespace n on n.oid = c.relnamespace
 where r.rulename <> '_RETURN' and c.oid >= 16384 and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
   and c.oid <> all ($members_1259)
