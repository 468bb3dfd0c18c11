-- Whether the caller holds a role. A policy cannot simply select from `users`: a policy of `users` that reads `users`
-- is an endless recursion (42P17). This function runs with the rights of its owner, whom row security exempts.
--
-- STABLE and without an argument of the row, so that `(select private.has_role('ADMIN'))` runs once a statement.
-- The empty search_path stops a caller from putting a table `users` of their own in front.
create or replace function private.has_role(wanted public.role) returns boolean
language sql
stable
security definer
set search_path = ''
as $$
  select exists (
    select from public.users
    where users.id = (select auth.uid()) and users.role = wanted
  )
$$;

-- A policy needs EXECUTE but not USAGE on the schema: nobody can call it from outside a policy.
revoke all on schema private from public, anon, authenticated, service_role;
revoke all on function private.has_role(public.role) from public, anon, authenticated, service_role;
grant execute on function private.has_role(public.role) to authenticated, service_role;
