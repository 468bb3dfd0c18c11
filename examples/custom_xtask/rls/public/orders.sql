-- Customers see their own orders; nobody writes them through the API.
alter table public.orders enable row level security;

drop policy if exists "Customers see their own orders" on public.orders;
create policy "Customers see their own orders" on public.orders
    for select to authenticated
    using ((select auth.uid()) = customer_id);

revoke all on public.orders from anon, authenticated;
grant select on public.orders to authenticated;
