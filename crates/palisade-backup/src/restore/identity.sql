-- Lets nothing be done to another database than the one that was approved, wherever an address leads by now.
do $palisade$
begin
  if pg_catalog.current_database() <> pg_catalog.current_setting('palisade.database')
    or (select oid::text from pg_catalog.pg_database where datname = pg_catalog.current_database())
      <> pg_catalog.current_setting('palisade.oid')
    or (pg_catalog.current_setting('palisade.system') <> ''
      and (select system_identifier::text from pg_catalog.pg_control_system())
        <> pg_catalog.current_setting('palisade.system'))
  then
    raise exception 'this is not the database that was approved';
  end if;
end $palisade$;
