-- Roles belong to the whole server, and a migration that ran in one database may have changed them for all that follow: what
-- decides about row security is put back. Nothing is written where nothing was changed.
do $$
declare
  role record;
begin
  for role in
    select wanted.name, wanted.bypasses
    from (values ('anon', false), ('authenticated', false), ('service_role', true)) wanted (name, bypasses)
    join pg_catalog.pg_roles found on found.rolname = wanted.name
    where found.rolsuper or found.rolcreaterole or found.rolcreatedb or found.rolbypassrls <> wanted.bypasses
  loop
    execute format(
      'alter role %I nosuperuser nocreaterole nocreatedb %s', role.name,
      case when role.bypasses then 'bypassrls' else 'nobypassrls' end
    );
  end loop;
  for role in
    select upper.rolname as upper, lower.rolname as lower
    from pg_catalog.pg_auth_members it
    join pg_catalog.pg_roles upper on upper.oid = it.roleid
    join pg_catalog.pg_roles lower on lower.oid = it.member
    where lower.rolname in ('anon', 'authenticated')
      and (upper.rolname in ('service_role', 'supabase_admin', 'postgres', 'dashboard_user') or upper.rolname like 'pg\_%')
  loop
    execute format('revoke %I from %I', role.upper, role.lower);
  end loop;
exception when others then
  null; -- Another session does the same at this moment.
end
$$;
