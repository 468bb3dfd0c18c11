-- Three people for a development database: fixed ids, so that a test or a colleague can name them.
-- Every statement leaves rows that exist as they are, so that seeding twice changes nothing.
--
-- They have no password: on Supabase, set one in the dashboard to sign in as one of them.
insert into auth.users (id, email, raw_user_meta_data)
values
  ('a0000000-0000-4000-8000-000000000001', 'ada@example.com', '{"name": "Ada Lindqvist"}'),
  ('a0000000-0000-4000-8000-000000000002', 'mira@example.com', '{"name": "Mira Okafor"}'),
  ('a0000000-0000-4000-8000-000000000003', 'tom@example.com', '{"name": "Tom Brandt"}')
on conflict (id) do nothing;

insert into public.users (id, email, username, role, team_id)
values
  ('a0000000-0000-4000-8000-000000000001', 'ada@example.com', 'ada', 'ADMIN', 'studio'),
  ('a0000000-0000-4000-8000-000000000002', 'mira@example.com', 'mira', 'MODERATOR', 'studio'),
  ('a0000000-0000-4000-8000-000000000003', 'tom@example.com', 'tom', 'USER', 'workshop')
on conflict (id) do nothing;
