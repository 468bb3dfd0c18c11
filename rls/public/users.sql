-- Pattern "own data": everybody sees and changes their own row, admins see all of them.
--
-- The columns granted matter as much as the policies: whoever may update `role` makes themselves an admin.
alter table public.users enable row level security;

revoke all on public.users from public, anon, authenticated, service_role;
grant select, insert (id, email, username), update (username) on public.users to authenticated;
grant all on public.users to service_role;

drop policy if exists "Users see their own row, admins see all" on public.users;
create policy "Users see their own row, admins see all" on public.users
  for select to authenticated
  using (id = (select auth.uid()) or (select private.has_role('ADMIN')));

-- The address is the one the account was verified with, not one that the client claims.
drop policy if exists "Users create their own row" on public.users;
create policy "Users create their own row" on public.users
  for insert to authenticated
  with check (id = (select auth.uid()) and email = (select auth.jwt() ->> 'email'));

drop policy if exists "Users change their own row" on public.users;
create policy "Users change their own row" on public.users
  for update to authenticated
  using (id = (select auth.uid()))
  with check (id = (select auth.uid()));
