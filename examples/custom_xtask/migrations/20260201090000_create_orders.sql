create table public.orders (
    id bigint generated always as identity primary key,
    customer_id uuid not null,
    total_cents integer not null check (total_cents >= 0),
    placed_at timestamptz not null default now()
);
