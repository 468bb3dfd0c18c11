//! Each kind of change gives exactly the statements that it needs, and none the second time.

use palisade_rls::Orphans;

use crate::support::Database;

const SCHEMA: &str = "
    create table public.t (id int primary key, owner uuid, kind varchar(10));
    create table public.\"a.b \"\"ü\" (id int);
    create schema other; create table other.t (id int);
    create view public.v as select id from public.t;
    create sequence public.s; create type public.e as enum ('a');";

const BEFORE: &str = "
    create schema if not exists private;
    create or replace function private.mine(who uuid) returns boolean language sql stable
      as $$ select who = (select auth.uid()) $$;
    revoke all on function private.mine(uuid) from public;
    grant execute on function private.mine(uuid) to authenticated;
    alter table t enable row level security;
    revoke all on t from anon, authenticated;
    grant select, update (owner) on t to authenticated;
    drop policy if exists own on t;
    create policy own on t for select to authenticated using (private.mine(owner));
    drop policy if exists kinds on t;
    create policy kinds on t as restrictive to authenticated using (kind in ('a', 'b'));
    comment on policy own on t is 'x';
    alter view v set (security_invoker = true);
    grant usage on sequence s to authenticated;
    grant usage on type e to authenticated;
    alter default privileges in schema other grant select on tables to anon;";

/// The statements that lead from one text to another; applying them leaves nothing to do.
async fn check(from: &str, to: &str, orphans: Orphans) -> String {
    let database = Database::new(SCHEMA).await;
    database.apply(&[("rls/a.sql", from)]).await.unwrap_or_else(|error| panic!("{error}"));
    let files = [("rls/a.sql", to)];
    let statements = database.statements(&files, orphans).await;
    let applied = database.apply_with(&files, orphans, palisade_rls::ApplySettings::default()).await;
    applied.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(database.statements(&files, orphans).await, "");
    statements
}

async fn edit(old: &str, new: &str) -> String {
    assert!(BEFORE.contains(old), "{old}");
    check(BEFORE, &BEFORE.replace(old, new), Orphans::Keep).await
}

#[tokio::test]
async fn the_same_files_need_nothing() {
    assert_eq!(check(BEFORE, BEFORE, Orphans::Drop).await, "");
}

#[tokio::test]
async fn policies_change_in_place_where_they_can() {
    insta::assert_snapshot!(edit("using (private.mine(owner))", "using (owner is null)").await, @"ALTER POLICY own ON public.t USING ((owner IS NULL))");
    insta::assert_snapshot!(edit("as restrictive to authenticated", "as restrictive to anon, authenticated").await, @"ALTER POLICY kinds ON public.t TO anon, authenticated");
    insta::assert_snapshot!(edit("is 'x'", "is 'y'").await, @"COMMENT ON POLICY own ON public.t IS 'y'");
    insta::assert_snapshot!(edit("own on t for select", "own on t for delete").await, @r"
    DROP POLICY own ON public.t
    CREATE POLICY own ON public.t FOR DELETE TO authenticated USING (private.mine(owner))
    COMMENT ON POLICY own ON public.t IS 'x'
    ");
}

#[tokio::test]
async fn a_policy_of_another_name_is_renamed() {
    insta::assert_snapshot!(edit("own on t", "\"My.own \"\"ü\" on t").await, @r#"ALTER POLICY own ON public.t RENAME TO "My.own ""ü""#);
}

#[tokio::test]
async fn rights_change_by_their_difference() {
    insta::assert_snapshot!(edit("grant select, update (owner)", "grant select (id), insert, update (owner)").await, @r"
    REVOKE SELECT ON public.t FROM authenticated
    GRANT INSERT ON public.t TO authenticated
    GRANT SELECT (id) ON public.t TO authenticated
    ");
    insta::assert_snapshot!(edit("function private.mine(uuid) to authenticated", "function private.mine(uuid) to anon").await, @r"
    GRANT EXECUTE ON FUNCTION private.mine(uuid) TO anon
    REVOKE EXECUTE ON FUNCTION private.mine(uuid) FROM authenticated
    ");
    insta::assert_snapshot!(edit("sequence s to authenticated", "sequence s to anon").await, @r"
    GRANT USAGE ON SEQUENCE public.s TO anon
    REVOKE USAGE ON SEQUENCE public.s FROM authenticated
    ");
    insta::assert_snapshot!(edit("type e to authenticated", "type e to anon").await, @r"
    GRANT USAGE ON TYPE public.e TO anon
    REVOKE USAGE ON TYPE public.e FROM authenticated
    ");
    insta::assert_snapshot!(edit("grant select on tables to anon", "revoke select on tables from anon").await, @"ALTER DEFAULT PRIVILEGES FOR ROLE postgres IN SCHEMA other REVOKE SELECT ON TABLES FROM anon");
}

#[tokio::test]
async fn flags_options_and_functions_change_alone() {
    insta::assert_snapshot!(edit("alter table t enable", "alter table t force row level security; alter table t enable").await, @"ALTER TABLE public.t FORCE ROW LEVEL SECURITY");
    insta::assert_snapshot!(edit("security_invoker = true", "security_invoker = false").await, @"ALTER VIEW public.v SET (security_invoker=false)");
    insta::assert_snapshot!(edit("(select auth.uid()) $$", "auth.uid() $$").await, @r"
    CREATE OR REPLACE FUNCTION private.mine(who uuid)
     RETURNS boolean
     LANGUAGE sql
     STABLE
    AS $function$ select who = auth.uid() $function$
    ");
}

#[tokio::test]
async fn what_no_file_creates_goes_only_when_asked_for() {
    let less = BEFORE.replace("create policy own on t for select to authenticated using (private.mine(owner));\n", "");
    let less = less.replace("comment on policy own on t is 'x';", "");
    let silent = less.replace("drop policy if exists own on t;", "");
    assert_eq!(check(BEFORE, &silent, Orphans::Keep).await, "");
    insta::assert_snapshot!(check(BEFORE, &silent, Orphans::Drop).await, @"DROP POLICY own ON public.t");
    // Here the file itself says that it shall not be there.
    insta::assert_snapshot!(check(BEFORE, &less, Orphans::Keep).await, @"DROP POLICY own ON public.t");
}

#[tokio::test]
async fn a_function_that_has_to_be_made_anew_takes_its_policies_along() {
    let files = |result: &str| {
        format!(
            "alter table t enable row level security; drop policy if exists p on t;
             drop function if exists public.wanted();
             create or replace function public.wanted() returns {result} language sql stable as $$ select 'a' $$;
             drop policy if exists p on t; create policy p on t using (kind = public.wanted());"
        )
    };
    insta::assert_snapshot!(check(&files("text"), &files("varchar"), Orphans::Keep).await, @r"
    DROP POLICY p ON public.t
    DROP FUNCTION public.wanted()
    CREATE OR REPLACE FUNCTION public.wanted()
     RETURNS character varying
     LANGUAGE sql
     STABLE
    AS $function$ select 'a' $function$
    CREATE POLICY p ON public.t USING (((kind)::text = (public.wanted())::text))
    ");
}

#[tokio::test]
async fn a_function_that_a_file_drops_is_dropped() {
    let helper = "create or replace function public.old(a int, b numeric(4, 2) default 1) returns int language sql as 'select 1';";
    let drop = "drop function if exists public.old(a int, b numeric);";
    insta::assert_snapshot!(check(helper, drop, Orphans::Keep).await, @"DROP FUNCTION public.old(integer, numeric)");
}

#[tokio::test]
async fn names_may_be_anything_and_tables_of_supabase_are_tables() {
    let files = "
        alter table \"a.b \"\"ü\" enable row level security;
        grant select on \"a.b \"\"ü\" to anon;
        drop policy if exists \"p.q \"\"ü'; drop table t; --\" on \"a.b \"\"ü\";
        create policy \"p.q \"\"ü'; drop table t; --\" on \"a.b \"\"ü\" to anon using (id = 1);
        drop policy if exists mine on storage.objects;
        create policy mine on storage.objects for select to authenticated using (owner = (select auth.uid()));";
    insta::assert_snapshot!(check("", files, Orphans::Drop).await, @r#"
    GRANT SELECT ON public."a.b ""ü" TO anon
    ALTER TABLE public."a.b ""ü" ENABLE ROW LEVEL SECURITY
    CREATE POLICY "p.q ""ü'; drop table t; --" ON public."a.b ""ü" TO anon USING ((id = 1))
    CREATE POLICY mine ON storage.objects FOR SELECT TO authenticated USING ((owner = ( SELECT auth.uid() AS uid)))
    "#);
}

#[tokio::test]
async fn a_revoke_that_takes_nothing_on_the_throwaway_database_takes_what_is_here() {
    let files = [(
        "rls/a.sql",
        "revoke update (id) on t from authenticated; revoke all on sequence s from anon;
         alter default privileges in schema other revoke all on sequences from anon;",
    )];
    let database = Database::new(SCHEMA).await;
    database.apply(&files).await.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(database.statements(&files, Orphans::Keep).await, "");
    database
        .run(
            "grant update (id) on t to authenticated; grant usage on sequence s to anon; grant select on other.t to anon;
             alter default privileges in schema other grant usage on sequences to anon, pg_monitor;",
        )
        .await;
    insta::assert_snapshot!(database.statements(&files, Orphans::Keep).await, @r"
    REVOKE USAGE ON SEQUENCE public.s FROM anon
    REVOKE UPDATE (id) ON public.t FROM authenticated
    ALTER DEFAULT PRIVILEGES FOR ROLE postgres IN SCHEMA other REVOKE USAGE ON SEQUENCES FROM anon
    ");
    database.apply(&files).await.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(database.statements(&files, Orphans::Keep).await, "");
}
