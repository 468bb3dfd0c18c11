-- Pattern "products of the owner": a user sees and changes the products that belong to them, and nobody else's.
alter table public.products enable row level security;

revoke all on public.products from public, anon, authenticated, service_role;
grant
    select,
    insert (name, description, price, in_stock, category_id, user_id),
    update (name, description, price, in_stock, category_id),
    delete
  on public.products to authenticated;
grant all on public.products to service_role;

drop policy if exists "Users see their own products" on public.products;
create policy "Users see their own products" on public.products
  for select to authenticated
  using (user_id = (select auth.uid()));

drop policy if exists "Users create products they own" on public.products;
create policy "Users create products they own" on public.products
  for insert to authenticated
  with check (user_id = (select auth.uid()));

drop policy if exists "Users change their own products" on public.products;
create policy "Users change their own products" on public.products
  for update to authenticated
  using (user_id = (select auth.uid()))
  with check (user_id = (select auth.uid()));

drop policy if exists "Users delete their own products" on public.products;
create policy "Users delete their own products" on public.products
  for delete to authenticated
  using (user_id = (select auth.uid()));
