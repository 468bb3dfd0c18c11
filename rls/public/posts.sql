-- Pattern "public read, authenticated write": everybody reads what is published, a signed-in user writes in their own
-- name. Moderators take posts down, admins have full access.
--
-- One policy for each command and role: Postgres would evaluate several ones for each row, and combine the USING of
-- one with the WITH CHECK of another.
alter table public.posts enable row level security;

revoke all on public.posts from public, anon, authenticated, service_role;
grant select on public.posts to anon;
grant select, insert (title, body, published, author_id), update (title, body, published), delete
  on public.posts to authenticated;
grant all on public.posts to service_role;

-- An identity column needs no rights on its sequence, so the API keeps none.
revoke all on sequence public.posts_id_seq from public, anon, authenticated, service_role;
grant all on sequence public.posts_id_seq to service_role;

drop policy if exists "Everybody reads published posts" on public.posts;
create policy "Everybody reads published posts" on public.posts
  for select to anon
  using (published);

drop policy if exists "Users read published posts and their own" on public.posts;
create policy "Users read published posts and their own" on public.posts
  for select to authenticated
  using (
    published
    or author_id = (select auth.uid())
    or (select private.has_role('MODERATOR'))
    or (select private.has_role('ADMIN'))
  );

drop policy if exists "Users create posts in their own name" on public.posts;
create policy "Users create posts in their own name" on public.posts
  for insert to authenticated
  with check (author_id = (select auth.uid()));

drop policy if exists "Authors, moderators and admins change posts" on public.posts;
create policy "Authors, moderators and admins change posts" on public.posts
  for update to authenticated
  using (
    author_id = (select auth.uid())
    or (select private.has_role('MODERATOR'))
    or (select private.has_role('ADMIN'))
  )
  with check (
    author_id = (select auth.uid())
    or (select private.has_role('MODERATOR'))
    or (select private.has_role('ADMIN'))
  );

drop policy if exists "Authors and admins delete posts" on public.posts;
create policy "Authors and admins delete posts" on public.posts
  for delete to authenticated
  using (author_id = (select auth.uid()) or (select private.has_role('ADMIN')));
