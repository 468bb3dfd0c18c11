//! Migrations with a transaction.

use palisade_migrator::{ApplyCause, DriftError};

use crate::fixture::{Fixture, Stopped, file};

#[tokio::test]
async fn files_are_applied_once_in_order() {
    let mut it = Fixture::new().await;
    let files = [file(1, "create table t (a int)"), file(2, "insert into t values (1); -- end")];
    assert_eq!(it.migrate(&files).await.unwrap().done.len(), 2);
    assert_eq!(it.migrate(&files).await.unwrap().done.len(), 0);
    assert_eq!(it.query("select count(*)::text from t").await, ["1"]);
    let more = [files[0].clone(), files[1].clone(), file(3, "insert into t values (2)")];
    assert_eq!(it.migrate(&more).await.unwrap().done.len(), 1);
    let rows =
        "select version || ' ' || state || ' ' || (xid is not null) || ' ' || who from palisade.attempts order by id";
    assert_eq!(it.query(rows).await, ["1 done true tester@here", "2 done true tester@here", "3 done true tester@here"]);
    assert_eq!(it.query("select (execution_time > 0)::text from palisade.migrations").await, ["true", "true", "true"]);
}

#[tokio::test]
async fn a_failure_shows_the_place_and_keeps_what_was_before() {
    let mut it = Fixture::new().await;
    let files = [
        file(1, "create table t (a int)"),
        file(2, "alter table t add b text;\n-- ä\nselect 'ö', c from t;\n"),
        file(3, "create table never ()"),
    ];
    let Err(Stopped::Apply(error)) = it.migrate(&files).await else { panic!("it must fail") };
    assert_eq!(error.done.len(), 1);
    insta::assert_snapshot!(error.to_string(), @r#"
    column "c" does not exist (SQLSTATE 42703)
     --> migrations/2_x.sql:3:13
    3 | select 'ö', c from t;
      |             ^
    `migrations/2_x.sql` was rolled back: nothing of it is in the database
    "#);
    assert_eq!(
        it.query("select attname::text from pg_attribute where attrelid = 't'::regclass and attnum > 0").await,
        ["a"]
    );
    let tries = "select version || ' ' || state || ' ' || coalesce(sqlstate, '') || ' ' || coalesce(statement, 0) from palisade.attempts order by id";
    assert_eq!(it.query(tries).await, ["1 done  0", "2 failed 42703 2"]);
    let fixed = [files[0].clone(), file(2, "alter table t add b text"), files[2].clone()];
    assert_eq!(it.migrate(&fixed).await.unwrap().done.len(), 2);
}

#[tokio::test]
async fn a_file_that_the_server_cannot_read_keeps_what_was_before() {
    let mut it = Fixture::new().await;
    let wrong = "create table b ();\n-- ä\nselct 1;\n";
    let Err(Stopped::Apply(error)) = it.migrate(&[file(1, wrong)]).await else { panic!("it must fail") };
    insta::assert_snapshot!(error.to_string(), @r#"
    syntax error at or near "selct" (SQLSTATE 42601)
     --> migrations/1_x.sql:3:1
    3 | selct 1;
      | ^
    `migrations/1_x.sql` was rolled back: nothing of it is in the database
    "#);
    // The COMMIT of the one before travels in the message that is refused.
    let files = [file(1, "create table a ()"), file(2, "create table b ()"), file(3, wrong), file(4, "select 1")];
    let Err(Stopped::Apply(error)) = it.migrate(&files).await else { panic!("it must fail") };
    assert_eq!(error.done.len(), 2, "{error}");
    assert!(matches!(&error.cause, ApplyCause::RolledBack { file, .. } if file == "migrations/3_x.sql"), "{error}");
    assert_eq!(it.query("select version::text from palisade.migrations order by 1").await, ["1", "2"]);
    let last = "select distinct on (version) version || ' ' || state || ' ' || coalesce(statement, 0) \
                from palisade.attempts order by version, id desc";
    assert_eq!(it.query(last).await, ["1 done 0", "2 done 0", "3 failed 2"]);
    let fixed = [files[0].clone(), files[1].clone(), file(3, "select 1"), files[3].clone()];
    assert_eq!(it.migrate(&fixed).await.unwrap().done.len(), 2);
}

#[tokio::test]
async fn the_end_of_a_file_can_be_what_the_server_cannot_read() {
    let mut it = Fixture::new().await;
    let error = it.migrate(&[file(1, "select 1;\ncreate table t (a int")]).await.unwrap_err();
    insta::assert_snapshot!(error.to_string(), @r#"
    syntax error at or near ";" (SQLSTATE 42601)
     --> migrations/1_x.sql:2:1
    2 | create table t (a int
      | ^
    `migrations/1_x.sql` was rolled back: nothing of it is in the database
    "#);
}

#[tokio::test]
async fn an_error_without_position_shows_its_statement() {
    let mut it = Fixture::new().await;
    let files =
        [file(1, "create table t (a int primary key);\ninsert into t values (1);\ninsert into t values (1);\n")];
    let error = it.migrate(&files).await.unwrap_err();
    insta::assert_snapshot!(error.to_string(), @r#"
    duplicate key value violates unique constraint "t_pkey" (SQLSTATE 23505)
     --> migrations/1_x.sql:3:1
    3 | insert into t values (1);
      | ^
    detail: Key (a)=(1) already exists.
    `migrations/1_x.sql` was rolled back: nothing of it is in the database
    "#);
}

#[tokio::test]
async fn a_deferred_constraint_fails_its_own_migration() {
    let mut it = Fixture::new().await;
    let files = [
        file(1, "create table t (a int primary key, b int references t deferrable initially deferred)"),
        file(2, "insert into t values (1, 2)"),
        file(3, "create table never ()"),
    ];
    let Err(Stopped::Apply(error)) = it.migrate(&files).await else { panic!("it must fail") };
    assert_eq!(error.done.len(), 1);
    assert!(matches!(&error.cause, ApplyCause::RolledBack { file, .. } if file == "migrations/2_x.sql"), "{error}");
    assert_eq!(it.query("select version::text from palisade.migrations").await, ["1"]);
}

#[tokio::test]
async fn nothing_is_applied_when_a_later_file_was_edited() {
    let mut it = Fixture::new().await;
    it.migrate(&[file(1, "select 1"), file(3, "select 3")]).await.unwrap();
    let edited = [file(1, "select 1"), file(3, "select 33"), file(4, "create table never ()")];
    let error = it.migrate(&edited).await.unwrap_err();
    assert!(matches!(error, Stopped::Drift(DriftError::Edited { .. })), "{error}");
    let late = [file(1, "select 1"), file(2, "create table late ()"), file(3, "select 3")];
    let error = it.migrate(&late).await.unwrap_err();
    assert!(matches!(error, Stopped::Drift(DriftError::OutOfOrder { .. })), "{error}");
    assert_eq!(it.query("select count(*)::text from pg_class where relname in ('never', 'late')").await, ["0"]);
}

#[tokio::test]
async fn settings_of_one_file_do_not_reach_the_next() {
    let mut it = Fixture::new().await;
    let sees = "select current_user || '|' || current_setting('search_path') || '|' || current_setting('lock_timeout')";
    let files = [
        file(1, "select set_config('search_path', '', false); set lock_timeout = '1h'; set role pg_read_all_data"),
        file(2, &format!("create table public.t (saw text); insert into public.t {sees}")),
    ];
    it.migrate(&files).await.unwrap();
    assert_eq!(it.query("select saw from public.t").await, it.query(sees).await);
}

#[tokio::test]
async fn a_plan_for_another_state_is_not_applied() {
    let mut it = Fixture::new().await;
    let files = [file(1, "create table t ()")];
    let mut session = it.session().await;
    let plan = it.plan(&mut session, &files).await.unwrap();
    drop(session);
    it.migrate(&files).await.unwrap();
    let mut session = it.session().await;
    let error = it.apply(&mut session, plan.clone()).await.unwrap_err();
    assert!(matches!(&error, Stopped::Apply(it) if matches!(it.cause, ApplyCause::HistoryChanged)), "{error}");
    drop(session);
    let mut other = Fixture::new().await;
    let mut session = other.session().await;
    let error = other.apply(&mut session, plan).await.unwrap_err();
    assert!(matches!(&error, Stopped::Apply(it) if matches!(it.cause, ApplyCause::OtherTarget { .. })), "{error}");
}

#[tokio::test]
async fn hostile_text_is_only_text() {
    let mut it = Fixture::new().await;
    let mut hostile = file(1, "select 1 /* $palisade$ ' \" */; select $x$ ; commit; $x$ -- end");
    hostile.description = "it's \"; drop table palisade.migrations; --\\".to_owned();
    it.migrate(&[hostile.clone()]).await.unwrap();
    assert_eq!(it.query("select description from palisade.migrations").await, [hostile.description.clone()]);
}
