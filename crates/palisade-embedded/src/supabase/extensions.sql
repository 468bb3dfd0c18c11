-- Extensions live in a schema of their own. Not every Postgres has them, and none of them is worth a failure.
create schema if not exists extensions;
grant usage on schema extensions to anon, authenticated, service_role;
grant all on schema extensions to dashboard_user;

do $$
declare
  extension text;
begin
  foreach extension in array array['pgcrypto', 'uuid-ossp'] loop
    begin
      execute format('create extension if not exists %I with schema extensions', extension);
    exception when others then
      raise notice 'no extension %: %', extension, sqlerrm;
    end;
  end loop;
  -- Old migrations call it, and Postgres has had its own for long.
  if to_regproc('extensions.uuid_generate_v4') is null then
    create function extensions.uuid_generate_v4() returns uuid
      language sql volatile parallel safe as 'select pg_catalog.gen_random_uuid()';
  end if;
end
$$;

create schema if not exists graphql_public;
grant usage on schema graphql_public to anon, authenticated, service_role;
