select 'policy', 3256, p.oid, 0, '', json_build_array(n.nspname, c.relname, p.polname), null, null,
       json_build_object('policy', json_build_object(
         'command', case p.polcmd when 'r' then 'SELECT' when 'a' then 'INSERT' when 'w' then 'UPDATE' when 'd' then 'DELETE' else 'ALL' end,
         'permissive', p.polpermissive,
         'roles', (select json_agg(case when m = 0 then '' else pg_get_userbyid(m) end
                                   order by case when m = 0 then '' else pg_get_userbyid(m) end)
                     from unnest(p.polroles) m),
         'using', pg_get_expr(p.polqual, p.polrelid),
         'check', pg_get_expr(p.polwithcheck, p.polrelid)))
  from pg_policy p
  join pg_class c on c.oid = p.polrelid
  join pg_namespace n on n.oid = c.relnamespace
 where c.oid >= 16384 and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
