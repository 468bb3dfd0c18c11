select 'event-trigger', 3466, e.oid, 0, '', json_build_array(e.evtname), pg_get_userbyid(e.evtowner), null,
       json_build_object('opaque', json_build_object(
         'create', format('CREATE EVENT TRIGGER %I ON %I%s EXECUTE FUNCTION %s()', e.evtname, e.evtevent,
           (select ' WHEN TAG IN (' || string_agg(quote_literal(tag), ', ') || ')' from unnest(e.evttags) tag),
           e.evtfoid::regproc),
         'then', case when e.evtenabled = 'O' then '[]'::json else json_build_array(format('ALTER EVENT TRIGGER %I %s', e.evtname,
           case e.evtenabled when 'D' then 'DISABLE' when 'R' then 'ENABLE REPLICA' else 'ENABLE ALWAYS' end)) end))
  from pg_event_trigger e
 where e.oid >= 16384 and e.oid <> all ($members_3466)
