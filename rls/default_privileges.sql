-- A new table, sequence or function is closed to the API until its own file here opens it. Supabase's projects begin with
-- rights for everybody on whatever is made in `public`; some of them, such as TRUNCATE, no policy filters.
alter default privileges in schema public revoke all on tables from anon, authenticated;
alter default privileges in schema public revoke all on sequences from anon, authenticated;
alter default privileges in schema public revoke all on functions from anon, authenticated;
