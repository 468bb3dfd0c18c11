-- What a Supabase database has that a restore leaves as it is; no row if it is not one, or if its schemas are ours.
select json_build_object(
    'extensions', (select coalesce(json_agg(extname), '[]') from pg_catalog.pg_extension),
    'publications', (select coalesce(json_agg(pubname), '[]') from pg_catalog.pg_publication),
    'event_triggers', (select coalesce(json_agg(evtname), '[]') from pg_catalog.pg_event_trigger),
    'relations', (
      select coalesce(json_agg(json_build_array(n.nspname, c.relname)), '[]')
      from pg_catalog.pg_class c
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where n.nspname in ('auth', 'storage') and c.relkind in ('r', 'p', 'S')),
    'policies', (
      select coalesce(json_agg(json_build_array(n.nspname, c.relname, p.polname)), '[]')
      from pg_catalog.pg_policy p
      join pg_catalog.pg_class c on c.oid = p.polrelid
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace),
    'triggers', (
      select coalesce(json_agg(json_build_array(n.nspname, c.relname, t.tgname)), '[]')
      from pg_catalog.pg_trigger t
      join pg_catalog.pg_class c on c.oid = t.tgrelid
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where not t.tgisinternal)
  )::text
from pg_catalog.pg_namespace
where nspname in ('auth', 'storage') and not pg_catalog.pg_has_role(nspowner, 'usage')
having count(*) = 2
