//! Files in any order.

use palisade_catalog::{Compared, difference};

use crate::support::{load, names, refused};

const TABLES: &str = "
    create table app.posts (id int primary key, author int not null references app.users, state app.state not null);
    create table app.users (id int primary key, name text default app.nobody());
    create view app.authors with (security_invoker) as select name, app.count_of(id) from app.users;";

const REST: &str = "
    set search_path = app;
    create function count_of(int) returns bigint language sql as 'select count(*) from posts where author = $1';
    create function nobody() returns text language sql as 'select ''nobody''';
    create type state as enum ('new', 'old');
    create schema app;";

#[tokio::test]
async fn the_order_of_files_and_statements_does_not_matter() {
    let forwards = load(&[
        ("1.sql", "create schema app; create type app.state as enum ('new', 'old');"),
        ("2.sql", "create function app.nobody() returns text language sql as 'select ''nobody''';"),
        (
            "3.sql",
            "create table app.users (id int primary key, name text default app.nobody());
             create table app.posts (id int primary key, author int not null references app.users, state app.state not null);
             create function app.count_of(int) returns bigint language sql as 'select count(*) from posts where author = $1';
             create view app.authors with (security_invoker) as select name, app.count_of(id) from app.users;",
        ),
    ])
    .await
    .unwrap();
    let backwards = load(&[("a.sql", TABLES), ("b.sql", REST)]).await.unwrap();
    assert_eq!(difference(&forwards, &backwards, Compared::ALL), []);
    assert!(names(&forwards).contains(&"view app.authors".to_owned()), "{:?}", names(&forwards));
}

#[tokio::test]
async fn settings_of_one_file_do_not_reach_the_next() {
    let files =
        [("a.sql", "create schema a; set search_path = a; create table t ();"), ("b.sql", "create table u ();")];
    let found = names(&load(&files).await.unwrap());
    assert!(found.contains(&"table a.t".to_owned()) && found.contains(&"table public.u".to_owned()), "{found:?}");
}

#[tokio::test]
async fn a_new_value_of_an_enum_can_be_used() {
    let sql = "create type e as enum ('a'); alter type e add value 'b'; create table t (e e default 'b');";
    assert!(names(&load(&[("a.sql", sql)]).await.unwrap()).contains(&"default of public.t.e".to_owned()));
}

#[tokio::test]
async fn what_is_granted_by_default_overtakes_nothing() {
    let granted = async |files: &[(&str, &str)]| {
        let catalog = load(files).await.unwrap();
        let table = palisade_catalog::ObjectKey::new(palisade_catalog::ObjectKind::Table, ["public", "t"]);
        catalog.get(&table).unwrap().privileges.as_ref().unwrap().to_string()
    };
    let (table, types) = ("create table public.t (e public.e);", "create type public.e as enum ();");
    let defaults = "alter default privileges in schema public grant select on tables to pg_monitor;";
    assert_eq!(granted(&[("1.sql", table), ("2.sql", defaults), ("3.sql", types)]).await, "pg_monitor: SELECT");
    assert_eq!(granted(&[("1.sql", table), ("2.sql", types), ("3.sql", defaults)]).await, "");
    assert_eq!(granted(&[("1.sql", defaults), ("2.sql", table), ("3.sql", types)]).await, "pg_monitor: SELECT");
}

#[tokio::test]
async fn roles_that_files_name_are_made() {
    let role = format!("palisade_made_up_{}", std::process::id());
    load(&[("a.sql", &format!("create table t (); grant select on t to {role};"))]).await.unwrap();
    let database = palisade_tests::database().await;
    let mut connection = palisade_tests::connection(&database).await;
    palisade_tests::query(&mut connection, &format!("drop role {role}")).await;
}

#[tokio::test]
async fn roles_that_an_earlier_run_made_are_no_obstacle() {
    let sql = "create role palisade_source_test; create table t (); grant select on t to palisade_source_test;";
    load(&[("a.sql", sql)]).await.unwrap();
    load(&[("a.sql", &format!("{sql} create table u ();"))]).await.unwrap();
}

#[tokio::test]
async fn the_statement_to_blame_is_shown_with_its_place() {
    let files = [
        ("schema/a.sql", "create view v as select * from t;\n"),
        ("schema/t.sql", "create table t (\n  id int,\n  kind knid not null\n);\n"),
    ];
    insta::assert_snapshot!(refused(&files).await, @r#"
    type "knid" does not exist (SQLSTATE 42704)
     --> schema/t.sql:3:8
    3 |   kind knid not null
      |        ^
    help: check the spelling and the schema; does a migration before this one make it?
    "#);
    let files = [("schema/a.sql", "create table t ();\nalter table t ad column a int;\n")];
    insta::assert_snapshot!(refused(&files).await, @r#"
    syntax error at or near "ad" (SQLSTATE 42601)
     --> schema/a.sql:2:15
    2 | alter table t ad column a int;
      |               ^
    help: the server cannot read the SQL at the marked place
    "#);
}

#[tokio::test]
async fn a_circle_is_named() {
    let files = [
        ("a.sql", "create view w as select 1 from v;"),
        ("b.sql", "create table t ();\ncreate view u as select 1 from w;\ncreate view v as select 1 from u;"),
    ];
    insta::assert_snapshot!(refused(&files).await, @r#"
    these need each other, so that none can be made first:
      view w (a.sql:1:1)
      view v (b.sql:3:1)
      view u (b.sql:2:1)
    relation "v" does not exist (SQLSTATE 42P01)
     --> a.sql:1:32
    1 | create view w as select 1 from v;
      |                                ^
    help: break the circle: make one of them without the other, and add what is missing behind both, as `alter table … add constraint` or `create or replace`
    "#);
}

#[tokio::test]
async fn what_cannot_run_in_a_transaction_is_refused() {
    let files = [("a.sql", "create table t ();\nreindex database postgres;")];
    insta::assert_snapshot!(refused(&files).await, @r"
    this statement cannot run inside a transaction, in which a schema is loaded
     --> a.sql:2:1
    2 | reindex database postgres;
      | ^
    help: leave it out: the files say what is there, not how it comes there
    ");
}

#[tokio::test]
async fn an_extension_that_the_server_does_not_have_can_be_had_elsewhere() {
    let told = refused(&[("a.sql", "create extension no_such_thing;")]).await;
    assert!(
        told.starts_with("extension \"no_such_thing\" is not available (SQLSTATE 0A000)\n --> a.sql:1:1\n"),
        "{told}"
    );
    assert!(told.ends_with("let a server that has it lend a database: `--shadow env:NAME`"), "{told}");
}
