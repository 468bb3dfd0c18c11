-- What a user may do beyond their own rows. Policies ask for it through `private.has_role`.
create type public.role as enum ('USER', 'MODERATOR', 'ADMIN');

-- One row for each account of `auth.users`, with what the application knows about it.
create table public.users (
  id uuid primary key references auth.users (id) on delete cascade,
  email text not null,
  username text not null,
  role public.role not null default 'USER',
  team_id text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),

  constraint users_email_key unique (email),
  constraint users_username_key unique (username),
  constraint users_username_check check (username ~ '^[a-z0-9_]{3,30}$')
);

comment on column public.users.role is 'Changed by the server only: policies trust it';
comment on column public.users.team_id is 'Set by the server; null until the user has joined a team';

-- Each column that a policy compares with the caller leads an index; so does each foreign key.
create index users_team_id_idx on public.users (team_id);

create trigger users_touch_updated_at
  before update on public.users
  for each row execute function private.touch_updated_at();
