insert into public.products (id, name, description, price, in_stock, category_id, user_id)
select sample.id, sample.name, sample.description, sample.price, sample.in_stock, categories.id, sample.user_id
from (values
  ('b0000000-0000-4000-8000-000000000001'::uuid, 'Speckled mug',
    'Stoneware with a matt white glaze, holds 300 ml.', 24.00, true, 'Ceramics',
    'a0000000-0000-4000-8000-000000000003'::uuid),
  ('b0000000-0000-4000-8000-000000000002', 'Serving bowl',
    'Wheel-thrown, 28 cm wide. Each one comes out a little different.', 58.50, true, 'Ceramics',
    'a0000000-0000-4000-8000-000000000003'),
  ('b0000000-0000-4000-8000-000000000003', 'Bread board',
    'Oiled oak with a juice groove.', 42.00, false, 'Woodwork',
    'a0000000-0000-4000-8000-000000000003'),
  ('b0000000-0000-4000-8000-000000000004', 'Harbour at six',
    'Linocut in two colours, edition of 40, signed.', 75.00, true, 'Prints',
    'a0000000-0000-4000-8000-000000000002'),
  ('b0000000-0000-4000-8000-000000000005', 'Wool throw',
    'Woven from undyed merino, 130 by 180 cm.', 139.00, true, 'Textiles',
    'a0000000-0000-4000-8000-000000000002'),
  ('b0000000-0000-4000-8000-000000000006', 'Sample box',
    null, 0.00, true, null,
    'a0000000-0000-4000-8000-000000000001')
) as sample (id, name, description, price, in_stock, category, user_id)
left join public.categories on categories.name = sample.category
on conflict (id) do nothing;
