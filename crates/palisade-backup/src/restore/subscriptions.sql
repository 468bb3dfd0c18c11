-- Drops the subscriptions that are ours. Their slots stay where they are: to drop those as well takes more than a transaction.
do $palisade$
declare
  it record;
begin
  for it in
    select subname from pg_catalog.pg_subscription s
    join pg_catalog.pg_database d on d.oid = s.subdbid
    where d.datname = pg_catalog.current_database() and pg_catalog.pg_has_role(s.subowner, 'usage')
  loop
    execute pg_catalog.format('alter subscription %I disable', it.subname);
    execute pg_catalog.format('alter subscription %I set (slot_name = none)', it.subname);
    execute pg_catalog.format('drop subscription %I', it.subname);
  end loop;
end $palisade$;
