-- Empties the database inside the transaction that fills it again. What belongs to Postgres itself stays.
set local client_min_messages = warning;
do $palisade$
declare
  it record;
begin
  for it in
    select evtname from pg_catalog.pg_event_trigger e
    where not exists (
      select from pg_catalog.pg_depend d
      where d.classid = 'pg_catalog.pg_event_trigger'::pg_catalog.regclass and d.objid = e.oid and d.deptype = 'e')
  loop
    execute pg_catalog.format('drop event trigger %I', it.evtname);
  end loop;
  for it in select pubname from pg_catalog.pg_publication loop
    execute pg_catalog.format('drop publication %I', it.pubname);
  end loop;
  for it in select extname from pg_catalog.pg_extension where extname <> 'plpgsql' loop
    -- One may have gone with another.
    execute pg_catalog.format('drop extension if exists %I cascade', it.extname);
  end loop;
  for it in select nspname from pg_catalog.pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema' loop
    execute pg_catalog.format('drop schema if exists %I cascade', it.nspname);
  end loop;
  for it in select fdwname from pg_catalog.pg_foreign_data_wrapper loop
    execute pg_catalog.format('drop foreign data wrapper %I cascade', it.fdwname);
  end loop;
  perform pg_catalog.lo_unlink(oid) from pg_catalog.pg_largeobject_metadata;
end $palisade$;
-- As a new database has it; dumps take it for granted.
create schema public authorization pg_database_owner;
comment on schema public is 'standard public schema';
grant usage on schema public to public;
