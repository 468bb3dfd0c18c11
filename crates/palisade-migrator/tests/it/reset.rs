//! Emptying a database.

use palisade_config::GrantRegime;
use palisade_db::introspect;
use palisade_embedded::Layer;
use palisade_migrator::{HistoryTables, reset};
use palisade_plan::Target;
use palisade_tests::database_with;

use crate::fixture::{Fixture, file, history_table};

async fn reset_all(it: &Fixture, schemas: &[&str], tables: &HistoryTables) {
    let mut session = it.session().await;
    let identity = session.connection().facts().identity.clone();
    let target = Target { environment: "dev".to_owned(), protected: false, identity, protected_by: Vec::new() }
        .unprotected("resetting")
        .unwrap();
    let schemas: Vec<String> = schemas.iter().map(|it| (*it).to_owned()).collect();
    reset(&mut session, &target, &schemas, tables).await.unwrap();
}

#[tokio::test]
async fn everything_of_ours_goes_and_nothing_else() {
    let supabase = Fixture::of(database_with(&[Layer::supabase(GrantRegime::Before)]).await);
    let read = async |it: &Fixture| {
        let schemas = it.query("select nspname from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema' order by 1").await;
        let catalog = introspect::catalog(it.session().await.connection(), &schemas).await.unwrap();
        let defaults = it.query("select pg_default_acl::text from pg_default_acl order by oid").await;
        (schemas, catalog, defaults)
    };
    let before = read(&supabase).await;
    let mut it = supabase.clone();
    it.tables = history_table("my \"history\"", "$names");
    let sql = r#"
        create schema "app's"; create table "app's".t (a int); create view public."the; view" as select a from "app's".t;
        create table public.users (id uuid primary key references auth.users, n serial, g bigint generated always as identity);
        create table public.parts (a int) partition by list (a); create table public.part partition of public.parts for values in (1);
        create materialized view public.m as select 1 as a; create sequence public.s; create unlogged table public.u ();
        create type public.e as enum ('a'); create type public.c as (a int); create type public.r as range (subtype = float8);
        create domain public.d as public.e; create table public.uses (e public.e, d public.d, c public.c);
        create function public.f(a int, b public.e) returns int language sql as 'select 1';
        create procedure public.p() language sql as 'select 1';
        create aggregate public.total(int) (sfunc = int4pl, stype = int);
        create function public.touch() returns trigger language plpgsql as $$ begin return new; end $$;
        create trigger on_user after insert on auth.users for each row execute function public.touch();
        create operator public.=== (leftarg = int, rightarg = int, function = int4eq);
        create operator family public.fam using btree;
        create collation public.german from "C";
        create text search dictionary public.dict (template = simple);
        create text search configuration public.words (copy = simple);
        create statistics public.st on n, g from public.users;
        create policy own on public.users using (true);
        alter table public.users enable row level security;
    "#;
    it.migrate(&[file(1, sql)]).await.unwrap();
    reset_all(&it, &["public", "app's", "not there"], &it.tables).await;
    assert_eq!(read(&supabase).await, before);
    // What is gone can be made again.
    it.migrate(&[file(1, sql)]).await.unwrap();
    reset_all(&it, &["app's"], &it.tables).await;
    assert_eq!(
        it.query("select 1 from pg_class where relname = 'users' and relnamespace = 'public'::regnamespace").await,
        ["1"]
    );
    assert_eq!(
        it.query("select 1 from pg_class where relname = 'the; view'").await,
        [""; 0],
        "it needed the other schema"
    );
}

#[tokio::test]
async fn the_schema_of_the_history_keeps_what_is_not_ours() {
    let mut it = Fixture::new().await;
    it.tables = history_table("ops $palisade$", "$palisade$");
    it.query("create schema \"ops $palisade$\"; create table \"ops $palisade$\".theirs (a int)").await;
    it.migrate(&[file(1, "create table t ()")]).await.unwrap();
    reset_all(&it, &["public"], &it.tables).await;
    assert_eq!(it.query("select tablename from pg_tables where schemaname ~ '^(ops|public)'").await, ["theirs"]);
    it.migrate(&[file(1, "create table t ()")]).await.unwrap();
}

#[tokio::test]
async fn extensions_stay_with_what_belongs_to_them() {
    let it = Fixture::new().await;
    it.query("create extension pg_trgm; create table t (a text); create index on t using gin (a gin_trgm_ops)").await;
    reset_all(&it, &["public"], &it.tables).await;
    assert_eq!(it.query("select similarity('a', 'a')::text").await, ["1"]);
    assert_eq!(it.query("select count(*) from pg_class where relname = 't'").await, ["0"]);
}

#[tokio::test]
async fn a_reset_that_fails_drops_nothing() {
    let it = Fixture::new().await;
    it.query("create table a (); create table b (); create table c ()").await;
    let mut blocker = palisade_tests::connection(&it.database).await;
    palisade_tests::query(&mut blocker, "begin; lock table b").await;
    let mut session = it.session().await;
    let identity = session.connection().facts().identity.clone();
    let target = Target { environment: "dev".to_owned(), protected: false, identity, protected_by: Vec::new() }
        .unprotected("resetting")
        .unwrap();
    let error = reset(&mut session, &target, &["public".to_owned()], &it.tables).await.unwrap_err();
    assert_eq!(error.sqlstate(), Some(palisade_sql::SqlState::LOCK_NOT_AVAILABLE), "{error}");
    assert_eq!(
        it.query("select relname from pg_class where relname in ('a', 'b', 'c') order by 1").await,
        ["a", "b", "c"]
    );
}
