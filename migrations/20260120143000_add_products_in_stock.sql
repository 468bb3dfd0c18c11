-- A constant default: Postgres notes it in the catalog and does not rewrite the table.
alter table public.products
  add column in_stock boolean not null default true;
