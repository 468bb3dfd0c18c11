//! Errors of the server lead back to the file.

use palisade_plan::TargetIdentity;
use palisade_rls::{ApplyError, ApplySettings, DeclareError, Orphans, apply};

use crate::support::{Database, Failed, approve, ask, script};

const TABLE: &str = "create table public.t (id int primary key);";

async fn message(files: &[(&str, &str)]) -> String {
    let database = Database::new(TABLE).await;
    let error = database.apply(files).await.unwrap_err();
    assert!(matches!(error, Failed::Declare(DeclareError::Statement { .. })), "{error:?}");
    let mut connection = database.connect().await;
    let state = "select concat(relrowsecurity, to_regnamespace('palisade')) from pg_class where relname = 't'";
    assert_eq!(ask(&mut connection, state).await.unwrap(), "f", "nothing was changed");
    error.to_string()
}

const GOOD: (&str, &str) = ("rls/a.sql", "-- ünïcödé before the error\nalter table t enable row level security;");

#[tokio::test]
async fn a_missing_column_is_led_back_to_its_policy() {
    // Postgres names no position inside the expressions of a policy.
    let bad = "drop policy if exists p on t;\ncreate policy p on t\n  using (uid = (select auth.uid()));\n";
    insta::assert_snapshot!(message(&[GOOD, ("rls/b.sql", bad)]).await, @r#"
    column "uid" does not exist (SQLSTATE 42703)
     --> rls/b.sql:2:1
    2 | create policy p on t
      | ^
    hint: Perhaps you meant to reference the column "t.id".
    help: check the spelling and the schema; does a migration before this one make it?
    "#);
}

#[tokio::test]
async fn a_syntax_error_is_marked_though_nothing_ran() {
    insta::assert_snapshot!(message(&[GOOD, ("rls/b.sql", "\ngrant select no t to anon on t;")]).await, @r#"
    syntax error at or near "no" (SQLSTATE 42601)
     --> rls/b.sql:2:14
    2 | grant select no t to anon on t;
      |              ^
    help: the server cannot read the SQL at the marked place
    "#);
}

#[tokio::test]
async fn the_end_of_a_file_can_be_the_mistake() {
    let unfinished = "alter table t enable row level security;\ndrop policy if exists p on t; create policy";
    insta::assert_snapshot!(message(&[("rls/a.sql", unfinished)]).await, @r#"
    syntax error at or near ";" (SQLSTATE 42601)
     --> rls/a.sql:2:31
    2 | drop policy if exists p on t; create policy
      |                               ^
    help: the server cannot read the SQL at the marked place
    "#);
}

#[tokio::test]
async fn an_error_without_a_position_shows_its_statement() {
    insta::assert_snapshot!(message(&[GOOD, ("rls/b.sql", "-- x\n\ngrant select on t to nobody_here;")]).await, @r#"
    role "nobody_here" does not exist (SQLSTATE 42704)
     --> rls/b.sql:3:1
    3 | grant select on t to nobody_here;
      | ^
    help: check the spelling and the schema; does a migration before this one make it?
    "#);
}

#[tokio::test]
async fn the_last_statement_of_the_last_file_is_found_too() {
    let files = [
        GOOD,
        ("rls/b.sql", "drop policy if exists p on t"),
        ("rls/c.sql", ""),
        ("rls/d.sql", "alter policy q on t to anon -- end"),
    ];
    insta::assert_snapshot!(message(&files).await, @r#"
    policy "q" for table "t" does not exist (SQLSTATE 42704)
     --> rls/d.sql:1:1
    1 | alter policy q on t to anon -- end
      | ^
    help: check the spelling and the schema; does a migration before this one make it?
    "#);
}

#[tokio::test]
async fn a_plan_for_another_database_is_refused() {
    let database = Database::new(TABLE).await;
    let mut connection = database.connect().await;
    let identity = TargetIdentity { database_oid: 1, ..connection.facts().identity.clone() };
    let declared = database.declare(&[GOOD]).await.unwrap();
    let approved = approve(&identity, script(&[GOOD]).to_step(declared, Orphans::Keep, None));
    let error = apply(&mut connection, &approved, database.context(ApplySettings::default())).await.unwrap_err();
    assert!(matches!(error, ApplyError::OtherTarget { .. }), "{error:?}");
}

#[tokio::test]
async fn what_only_the_target_refuses_is_shown_as_the_statement_that_it_is() {
    let database = Database::new(TABLE).await;
    database.run("create view public.v as select 1").await;
    let mut twin = database.connect_to_twin().await;
    ask(&mut twin, "create table public.v ()").await.unwrap();
    let error = database.apply(&[("rls/v.sql", "alter table v enable row level security")]).await.unwrap_err();
    insta::assert_snapshot!(error, @r#"
    ALTER action ENABLE ROW SECURITY cannot be performed on relation "v" (SQLSTATE 42809)
     --> row security:1:1
    1 | ALTER TABLE public.v ENABLE ROW LEVEL SECURITY
      | ^
    detail: This operation is not supported for views.
    help: nothing was changed; correct the file and run it again
    "#);
}
