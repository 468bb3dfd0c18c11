create table public.categories (
  id serial primary key,
  name text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),

  constraint categories_name_key unique (name),
  constraint categories_name_check check (length(name) between 1 and 80)
);

create trigger categories_touch_updated_at
  before update on public.categories
  for each row execute function private.touch_updated_at();
