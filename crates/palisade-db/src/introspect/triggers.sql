select 'trigger', 2620, g.oid, 0, case when g.tgconstraint <> 0 then '2606:' || g.tgconstraint else '' end,
       n.nspname, c.relname, g.tgname, null, null,
       concat('{"trigger":{"definition":', to_json(pg_get_triggerdef(g.oid)), ',"enabled":"', g.tgenabled,
              '","constraint":', (g.tgconstraint <> 0)::text, ',"inherited":', (g.tgparentid <> 0)::text, '}}')
  from pg_trigger g
  join pg_class c on c.oid = g.tgrelid
  join pg_namespace n on n.oid = c.relnamespace
 where not g.tgisinternal and c.oid >= 16384 and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
   and c.oid <> all ($members_1259) and g.oid <> all ($members_2620)
