create table public.products (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  description text,
  price numeric(12, 2) not null,
  in_stock boolean not null default true,
  user_id uuid not null references public.users (id) on delete cascade,
  -- A category may go while its products stay.
  category_id integer references public.categories (id) on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),

  constraint products_name_check check (length(name) between 1 and 200),
  constraint products_price_check check (price >= 0)
);

comment on column public.products.price is 'In euros';
comment on column public.products.user_id is 'The owner; policies compare it with auth.uid()';

create index products_user_id_idx on public.products (user_id);
create index products_category_id_idx on public.products (category_id);

create trigger products_touch_updated_at
  before update on public.products
  for each row execute function private.touch_updated_at();
