-- no-transaction
-- CONCURRENTLY lets the application write while the index is built, and cannot run inside a transaction.
-- Each column that a policy compares with the caller leads an index; so does each foreign key.
create index concurrently users_team_id_idx on public.users (team_id);

create index concurrently products_user_id_idx on public.products (user_id);

create index concurrently products_category_id_idx on public.products (category_id);

create index concurrently posts_author_id_idx on public.posts (author_id);

-- What an anonymous visitor asks for: the newest published posts.
create index concurrently posts_published_created_at_idx on public.posts (created_at desc) where published;
