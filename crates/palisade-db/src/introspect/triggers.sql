select 'trigger', 2620, g.oid, 0, case when g.tgconstraint <> 0 then '2606:' || g.tgconstraint else '' end,
       array[n.nspname::text, c.relname::text, g.tgname::text]::text, null, null,
       json_build_object('trigger', json_build_object(
         'definition', pg_get_triggerdef(g.oid), 'enabled', g.tgenabled, 'constraint', g.tgconstraint <> 0,
         'inherited', g.tgparentid <> 0))
  from pg_trigger g
  join pg_class c on c.oid = g.tgrelid
  join pg_namespace n on n.oid = c.relnamespace
 where not g.tgisinternal and c.oid >= 16384 and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
   and c.oid <> all ($members_1259) and g.oid <> all ($members_2620)
