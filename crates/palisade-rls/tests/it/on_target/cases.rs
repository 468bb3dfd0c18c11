//! Files that are hard to read without the tables that they are about: a name, the schema, the file.

pub(super) const CASES: &[(&str, &str, &str)] = &[
    (
        "policies of migrations are altered and described",
        "create table t (a int, b text); alter table t enable row level security;
         create policy old on t for update to anon using (a > 1) with check (b is not null);
         create policy other on t as restrictive using (a < 9); comment on policy other on t is 'it''s mine';",
        "alter policy old on t to authenticated using (a > 2);
         comment on policy other on public.t is 'altered'; alter table t force row level security;
         alter table only t enable row level security, no force row level security;",
    ),
    (
        "columns with their schema",
        "create table t (a int, b int); create schema s; create table s.t (a int, b int);",
        "drop policy if exists p on t;
         create policy p on t using (public.t.a = 1 and exists (select 1 from public.t where public.t.b = 2)
           and exists (select 1 from s.t where public . t.a = s.t.a and \"public\".\"t\".b = s.t.b)) with check (PUBLIC.T.b > 0);
         drop policy if exists p on s.t; create policy p on s.t using (s.t.a in (select public.t.a from public.t where s.t.b = t.b));",
    ),
    (
        "sub-selects on the own table",
        "create table t (a int, parent int); create table u (a int, t int);",
        "drop policy if exists p on t;
         create policy p on t using (exists (select from t p where p.a = t.parent) or a in (select t.parent from public.t)
           or exists (select from t where t.a = a) or exists (select from u join t on u.t = t.a where u.a = t.parent)
           or a = (with recursive up as (select t.a from t union select up.a from up) select max(a) from up));",
    ),
    (
        "texts that settle with the second time",
        "create table t (a varchar(9), b char(3), c numeric(4, 1), d timestamptz, e varchar[]);",
        "drop policy if exists p on t;
         create policy p on t using (a in ('x', 'y') and b not in ('a', 'b') and c between 1 and 2.5 and d > 'epoch'
           and 'x' = any (e) and a similar to '%x' and case a when 'x' then true else false end and a like any (array['x%']));",
    ),
    (
        "whole rows",
        "create table t (a int, b text); create table u (a int);
         create function whole(t) returns boolean language sql as 'select true';
         create function several(x t, y int) returns boolean language sql as 'select true';",
        "drop policy if exists p on t;
         create policy p on t using (whole(t) and t.whole and whole(t.*) and several(t, a) and several(public.t.*, 1) and t is not null
           and to_jsonb(t) ? 'a' and exists (select from t o where o = t) and t::text <> '' and (t).a = 1
           and coalesce(t, null::public.t) is not null and row(t.*) is not null
           and t::public.t is not null and t::public.t::text <> 'x' and exists (select from public.t o where whole(o) and whole(t)));
         drop policy if exists p on u; create policy p on u using (u is distinct from null and row_to_json(u) is not null);",
    ),
    (
        "hostile names",
        "create schema \"a.b\"; create schema \"Ü'$$\"; create table \"a.b\".\"t\"\"x ; drop\" (\"select\" int, \"a b\" text);
         create table \"Ü'$$\".\"t\" (\"a.b\" int, \"palisade_\" int); create table \"T\" (id int); create table t (id int);
         create table \"policy\" (\"on\" int); create table \"on\" (\"using\" boolean);",
        "drop policy if exists \"p'; --\" on \"a.b\".\"t\"\"x ; drop\";
         create policy \"p'; --\" on \"a.b\" . \"t\"\"x ; drop\" using (\"select\" = 1 and \"t\"\"x ; drop\".\"a b\" = '$x$ \"a.b\".'
           and \"a.b\".\"t\"\"x ; drop\".\"select\" > 0);
         drop policy if exists \"on\" on \"Ü'$$\".t; create policy \"on\" on \"Ü'$$\".t using (t.\"a.b\" = \"palisade_\");
         alter table \"Ü'$$\".\"t\" enable row level security; alter table \"T\" enable row level security;
         alter table T force row level security; drop policy if exists on_it on \"policy\";
         create policy on_it on /* on x */ \"policy\" -- on y
           using (\"on\" = 1); drop policy if exists \"using\" on \"on\"; create policy \"using\" on \"on\" using (\"using\");
         grant select (\"a b\") on \"a.b\".\"t\"\"x ; drop\" to anon;",
    ),
    (
        "a search_path of the file",
        "create schema s; create table s.t (a int); create table t (b int); create table only_public (a int);
         create function s.ok() returns boolean language sql as 'select true';",
        "set local search_path = s, public; drop policy if exists p on t; create policy p on t using (ok() and a = 1);
         drop policy if exists p on only_public; create policy p on only_public using (exists (select from t where a = only_public.a));
         set local search_path to default; drop policy if exists p on t; create policy p on t using (b = 1);",
    ),
    (
        "rights",
        "create table t (a int, b int); create table u (a int); create schema s; create table s.x (a int);
         create function f() returns int language sql as 'select 1'; create sequence q; create view v as select a from t;
         grant select (a) on t to anon; grant insert on u to authenticated;",
        "revoke all on t from anon, authenticated; grant select (a), update (b) on table t to authenticated;
         revoke update (a) on u from anon; revoke all on function f() from public; grant execute on function f() to anon;
         grant usage on schema s to anon; grant select on all tables in schema s to anon with grant option;
         revoke all on sequence q from anon; grant usage on q to authenticated; grant select on v to anon; revoke insert on v from anon;
         revoke select (a) on s.x from authenticated;",
    ),
    (
        "default privileges",
        "create schema s; create table t (a int);",
        "alter default privileges in schema s grant select on tables to anon;
         alter default privileges in schema s revoke insert on tables from anon;
         alter default privileges revoke execute on functions from public; alter default privileges in schema public revoke all on sequences from anon;
         alter default privileges in schema public grant usage on types to anon;",
    ),
    (
        "functions of the files",
        "create table t (a int); create table members (who uuid, t int);
         create function gone() returns int language sql as 'select 1';",
        "create schema if not exists helpers; comment on schema helpers is 'of policies';
         drop function if exists helpers.no_such(int, text[]), no_such(); drop function if exists gone();
         create or replace function helpers.member(t int) returns boolean language sql stable security definer set search_path = ''
           as $$ select exists (select from public.members m where m.t = member.t and m.who = auth.uid()) $$;
         alter function helpers.member(int) cost 7; comment on function helpers.member(int) is 'who is in';
         create or replace function helpers.row_of(public.t) returns int language sql begin atomic; select ($1).a; end;
         revoke all on function helpers.member from public; grant usage on schema helpers to authenticated;
         drop policy if exists p on t; create policy p on t to authenticated using ((select helpers.member(a)) and helpers.row_of(t) > 0);",
    ),
    (
        "views",
        "create table t (a int); create view v with (security_barrier) as select a from t;
         create view w with (check_option = local, security_invoker = false) as select a from t where a > 1;",
        "alter view v set (security_invoker = true); alter view if exists public.w set (security_invoker, security_barrier = false);
         alter view v reset (security_barrier); alter view if exists nowhere set (security_invoker); grant select on v to anon;",
    ),
    (
        "kinds of columns and tables",
        "create type mood as enum ('sad', 'ok'); create domain positive as int check (value > 0); create type pair as (x int, y text);
         create table t (id int generated always as identity primary key, m mood not null default 'ok', p positive, q pair, r int4range,
           twice int generated always as (id * 2) stored, ms mood[], c text collate \"C\", j jsonb, gone int);
         alter table t drop column gone; alter table t add column late int;
         create table parts (a int, b int) partition by list (a); create table part partition of parts for values in (1);
         create table parent (a int); create table child (b int) inherits (parent);",
        "drop policy if exists p on t;
         create policy p on t using (m = 'ok' and m in ('sad', 'ok') and p > 1 and (q).x = 1 and r @> id and twice > 1 and 'ok' = any (ms)
           and c < 'b' and j ->> 'a' = 'b' and late is null and tableoid = 'public.t'::regclass and ctid is not null);
         drop policy if exists p on parts; create policy p on parts using (a = 1 and parts.b = 2); alter table parts enable row level security;
         drop policy if exists p on part; create policy p on part using (public.part.a = 1);
         drop policy if exists p on child; create policy p on child using (a = b);",
    ),
    (
        "nothing but what shall not be",
        "create table t (a int); create policy p on t using (true);",
        "drop policy if exists p on t; drop policy if exists q on public.t; drop policy if exists p on nowhere;
         alter table if exists nowhere enable row level security; alter table t disable row level security;",
    ),
    (
        "tables of others",
        "create table t (owner uuid references auth.users (id), email text);",
        "alter table t enable row level security; drop policy if exists p on t;
         create policy p on t for all to authenticated, anon using (owner = auth.uid() and exists (
           select from auth.users where users.id = t.owner and auth.users.email = t.email)) with check (owner = (select auth.uid()));",
    ),
];
