-- Pattern "role-based": everybody reads, admins have full access.
alter table public.categories enable row level security;

revoke all on public.categories from public, anon, authenticated, service_role;
grant select on public.categories to anon;
grant select, insert (name), update (name), delete on public.categories to authenticated;
grant all on public.categories to service_role;

-- A serial column takes its numbers from a sequence, which has rights of its own.
revoke all on sequence public.categories_id_seq from public, anon, authenticated, service_role;
grant usage on sequence public.categories_id_seq to authenticated;
grant all on sequence public.categories_id_seq to service_role;

drop policy if exists "Everybody reads categories" on public.categories;
create policy "Everybody reads categories" on public.categories
  for select to anon, authenticated
  using (true);

drop policy if exists "Admins create categories" on public.categories;
create policy "Admins create categories" on public.categories
  for insert to authenticated
  with check ((select private.has_role('ADMIN')));

drop policy if exists "Admins change categories" on public.categories;
create policy "Admins change categories" on public.categories
  for update to authenticated
  using ((select private.has_role('ADMIN')))
  with check ((select private.has_role('ADMIN')));

drop policy if exists "Admins delete categories" on public.categories;
create policy "Admins delete categories" on public.categories
  for delete to authenticated
  using ((select private.has_role('ADMIN')));
