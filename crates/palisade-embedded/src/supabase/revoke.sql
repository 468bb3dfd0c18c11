-- What Supabase takes back from existing projects on 30 October 2026, and from new ones since 30 May 2026. It names
-- the rights one by one, so that TRUNCATE, REFERENCES, TRIGGER and MAINTAIN on tables stay granted; see
-- https://supabase.com/changelog/45329-breaking-change-tables-not-exposed-to-data-and-graphql-api-automatically
alter default privileges for role postgres in schema public
  revoke select, insert, update, delete on tables from anon, authenticated, service_role;
alter default privileges for role postgres in schema public
  revoke usage, select on sequences from anon, authenticated, service_role;
alter default privileges for role postgres in schema public
  revoke execute on functions from anon, authenticated, service_role;
