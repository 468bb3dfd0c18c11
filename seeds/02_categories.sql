-- `where not exists` and not `on conflict`: a conflict would use up a number of the sequence each time.
insert into public.categories (name)
select sample.name
from (values ('Ceramics'), ('Prints'), ('Textiles'), ('Woodwork')) as sample (name)
where not exists (select from public.categories where categories.name = sample.name);
