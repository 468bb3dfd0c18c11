-- What all cases stand in: the roles and helpers of Supabase, and a few other roles.
create role anon nologin noinherit;
create role authenticated nologin noinherit;
create role service_role nologin noinherit bypassrls;
create role authenticator login noinherit;
create role app_owner nologin;
create role team nologin;
create role member_inherits nologin inherit;
create role member_does_not nologin noinherit;
create role "Mixed Case" nologin;
grant anon, authenticated, service_role to authenticator;
grant team to member_inherits, member_does_not;
create role outer_team nologin;
create role middle_team nologin inherit;
create role far_member nologin noinherit;
grant outer_team to middle_team;
grant middle_team to far_member;

create schema auth;
grant usage on schema auth to anon, authenticated, service_role, app_owner, team, member_inherits, member_does_not, far_member;
grant usage on schema public to anon, authenticated, service_role, team, member_inherits, member_does_not, far_member;
grant usage, create on schema public to app_owner;

create function auth.jwt() returns jsonb language sql stable as $$
  select coalesce(
    nullif(current_setting('request.jwt.claim', true), ''),
    nullif(current_setting('request.jwt.claims', true), ''))::jsonb
$$;
create function auth.uid() returns uuid language sql stable as $$
  select coalesce(
    nullif(current_setting('request.jwt.claim.sub', true), ''),
    (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub'))::uuid
$$;
create function auth.role() returns text language sql stable as $$
  select coalesce(
    nullif(current_setting('request.jwt.claim.role', true), ''),
    (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'role'))::text
$$;
create function auth.email() returns text language sql stable as $$
  select coalesce(
    nullif(current_setting('request.jwt.claim.email', true), ''),
    (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'email'))::text
$$;

create table auth.users (
  id uuid primary key, email text,
  raw_user_meta_data jsonb not null default '{}', raw_app_meta_data jsonb not null default '{}');
insert into auth.users (id, email) values
  ('00000000-0000-0000-0000-00000000000a', 'alice@example.com'),
  ('00000000-0000-0000-0000-00000000000b', 'bob@example.com');

create schema storage;
grant usage on schema storage to anon, authenticated, service_role;
create table storage.objects (
  id uuid primary key default gen_random_uuid(), bucket_id text, name text, owner uuid, owner_id text);
alter table storage.objects enable row level security;
grant select, insert, update, delete on storage.objects to anon, authenticated, service_role;
create index on storage.objects (bucket_id, name);
create index on storage.objects (owner);
create function storage.foldername(name text) returns text[] language sql immutable as $$
  select string_to_array(name, '/')
$$;
