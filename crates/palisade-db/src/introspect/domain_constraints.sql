select 'domain-constraint', 2606, k.oid, 0, '', json_build_array(n.nspname, t.typname, k.conname), null, null,
       json_build_object('domain-constraint', json_build_object(
         'definition', pg_get_constraintdef(k.oid), 'validated', k.convalidated))
  from pg_constraint k
  join pg_type t on t.oid = k.contypid
  join pg_namespace n on n.oid = t.typnamespace
 where k.contype = 'c' and t.oid >= 16384 and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
   and t.oid <> all ($members_1247)
