-- Nullable: the products that exist have no category yet, and a category may go while its products stay.
alter table public.products
  add column category_id integer references public.categories (id) on delete set null;
