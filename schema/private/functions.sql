-- For helpers of policies and triggers. PostgREST serves the functions of `public` to everybody, so they live here,
-- and no role of the API is given USAGE on the schema.
create schema private;

comment on schema private is 'Helpers of policies and triggers, out of reach of the API';

create function private.touch_updated_at() returns trigger
language plpgsql
set search_path = ''
as $$
begin
  new.updated_at := pg_catalog.now();
  return new;
end
$$;

comment on function private.touch_updated_at() is 'Keeps updated_at true whatever the client sends';

revoke execute on function private.touch_updated_at() from public;
