-- Roles, with the attributes they have on Supabase. None of them has a password, so that none can log in over TCP.
-- Everything asks first: roles belong to the cluster, and an `alter` of one that others alter too can fail.
do $$
declare
  role record;
  api_role text;
begin
  for role in
    select * from (values
      ('anon', 'nologin'),
      ('authenticated', 'nologin'),
      ('service_role', 'nologin bypassrls'),
      ('authenticator', 'login noinherit'),
      ('dashboard_user', 'nologin createdb createrole replication'),
      ('supabase_admin', 'login superuser createdb createrole replication bypassrls'),
      ('supabase_auth_admin', 'login noinherit'),
      ('supabase_storage_admin', 'login noinherit'),
      ('supabase_realtime_admin', 'login noinherit'),
      ('supabase_functions_admin', 'login noinherit'),
      ('supabase_replication_admin', 'login replication'),
      ('supabase_read_only_user', 'login bypassrls'),
      -- Named by grants in dumps only.
      ('supabase_etl_admin', 'nologin'),
      ('pgbouncer', 'nologin')
    ) as wanted (name, attributes)
    where not exists (select from pg_catalog.pg_roles where rolname = wanted.name)
  loop
    begin
      execute format('create role %I %s', role.name, role.attributes);
    exception when duplicate_object or unique_violation then
      null; -- Another session made it at the same moment.
    end;
  end loop;

  foreach api_role in array array['anon', 'authenticated', 'service_role'] loop
    if not exists (
      select from pg_catalog.pg_auth_members
      where roleid = api_role::regrole and member = 'authenticator'::regrole
    ) then
      execute format('grant %I to authenticator', api_role);
    end if;
  end loop;

  -- Supabase keeps extensions out of `public`, and in the search path of those who write migrations.
  if not exists (
    select from pg_catalog.pg_db_role_setting
    where setdatabase = 0 and setrole = 'postgres'::regrole and setconfig::text like '%search_path=%extensions%'
  ) then
    alter role postgres set search_path to "$user", public, extensions;
  end if;
end
$$;
