create table public.posts (
  id bigint generated always as identity primary key,
  title text not null,
  body text not null default '',
  published boolean not null default false,
  author_id uuid not null references public.users (id) on delete cascade,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),

  constraint posts_title_check check (length(title) between 1 and 200)
);

create index posts_author_id_idx on public.posts (author_id);

-- What an anonymous visitor asks for: the newest published posts.
create index posts_published_created_at_idx on public.posts (created_at desc) where published;

create trigger posts_touch_updated_at
  before update on public.posts
  for each row execute function private.touch_updated_at();
