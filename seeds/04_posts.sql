insert into public.posts (title, body, published, author_id)
select sample.title, sample.body, sample.published, sample.author_id
from (values
  ('Opening the spring market',
    'The market opens on the first Saturday of April. Stalls are given out until the middle of March.',
    true, 'a0000000-0000-4000-8000-000000000001'::uuid),
  ('How we choose our makers',
    'We visit every workshop before its first piece is listed. Here is what we look for.',
    true, 'a0000000-0000-4000-8000-000000000002'),
  ('House rules for comments',
    'Still being discussed with the team; to be published after the next meeting.',
    false, 'a0000000-0000-4000-8000-000000000002'),
  ('From clay to mug in nine days',
    'Throwing takes four minutes, drying takes a week. A look at what happens in between.',
    true, 'a0000000-0000-4000-8000-000000000003'),
  ('Notes on a new glaze',
    'Two tests cracked, the third looks promising.',
    false, 'a0000000-0000-4000-8000-000000000003')
) as sample (title, body, published, author_id)
where not exists (
  select from public.posts
  where posts.author_id = sample.author_id and posts.title = sample.title
);
