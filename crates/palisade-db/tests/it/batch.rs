//! Many statements in one message.

use palisade_db::{Row as _, SqlFailure, SqlText, batch, batch_with};
use palisade_sql::SqlState;
use palisade_tests::{connection, database, query};

#[tokio::test]
async fn commands_rows_and_written_rows_are_counted() {
    let database = database().await;
    let mut connection = connection(&database).await;
    let sql = "create table t (a int); insert into t select generate_series(1, 5); select a::text from t order by a; \
               update t set a = 0 where a > 3; delete from t where a = 1 returning a::text; ; select a from t where false;";
    let done = batch(&mut connection, sql).await.unwrap();
    // What stands between two semicolons alone is no command.
    assert_eq!(done.commands, 6);
    assert_eq!(done.rows_written, 5 + 2, "rows that are returned are results");
    let rows: Vec<i32> = done.rows.iter().map(|it| it.get::<String, _>(0).parse().unwrap()).collect();
    assert_eq!(rows, [1, 2, 3, 4, 5, 1]);
    let nothing = batch(&mut connection, "-- nothing").await.unwrap();
    assert_eq!((nothing.commands, nothing.rows.len()), (0, 0));
}

#[tokio::test]
async fn an_error_says_how_many_commands_were_before_it() {
    let database = database().await;
    let mut connection = connection(&database).await;
    let error =
        batch(&mut connection, "create table t (); select 1; select 2, 3; select 1 / 0; select 4").await.unwrap_err();
    assert_eq!(error.commands, 3);
    assert_eq!(error.error.sqlstate().map(|it| it.to_string()).as_deref(), Some("22012"));
    // All of it was one transaction, and the connection is of use still.
    assert_eq!(query(&mut connection, "select to_regclass('t') is null").await, ["t"]);
    let mut seen = Vec::new();
    let sql = "select 'a'; select 'b' union all select 1 / (random() * 0)::int::text";
    batch_with(&mut connection, sql, |row| seen.push(row.get::<String, _>(0))).await.unwrap_err();
    assert_eq!(seen, ["a"]);
    let error = batch(&mut connection, "selec 1; create table never ()").await.unwrap_err();
    assert_eq!((error.commands, error.error.sqlstate()), (0, Some(SqlState::SYNTAX_ERROR)));
}

#[tokio::test]
async fn with_begin_and_commit_each_transaction_counts() {
    let database = database().await;
    let mut connection = connection(&database).await;
    let sql =
        "begin; create table one (); commit; begin; create table two (); select 1 / 0; commit; create table three ()";
    assert_eq!(batch(&mut connection, sql).await.unwrap_err().commands, 5);
    query(&mut connection, "rollback").await;
    let found = "select relname from pg_class where relname in ('one', 'two', 'three')";
    assert_eq!(query(&mut connection, found).await, ["one"]);
}

#[tokio::test]
async fn a_position_counts_characters_from_the_start_of_the_batch() {
    let database = database().await;
    let mut connection = connection(&database).await;
    let prefix = "select '😀ä'; ";
    let file = "select 'größer';\n-- 日本語 🐘\n  select 'é', wrong\n    from pg_class;\n";
    let error = batch(&mut connection, &format!("{prefix}{file}")).await.unwrap_err();
    let source = SqlText { file: "migrations/1_a.sql", text: file };
    let failure = SqlFailure::new(source, error.error, prefix.chars().count(), None);
    insta::assert_snapshot!(failure.to_string(), @r#"
    column "wrong" does not exist (SQLSTATE 42703)
     --> migrations/1_a.sql:3:15
    3 |   select 'é', wrong
      |               ^
    "#);
    // Without a position, the statement's own place is shown; without either, the file.
    let file = "select 1;\nselect 1 / 0;\n";
    let error = batch(&mut connection, file).await.unwrap_err();
    let source = SqlText { file: "migrations/2_b.sql", text: file };
    let failure = SqlFailure::new(source, error.error.clone(), 0, Some(10));
    insta::assert_snapshot!(failure.to_string(), @r#"
    division by zero (SQLSTATE 22012)
     --> migrations/2_b.sql:2:1
    2 | select 1 / 0;
      | ^
    "#);
    assert_eq!(
        SqlFailure::new(source, error.error, 0, None).to_string(),
        "division by zero (SQLSTATE 22012)\n --> migrations/2_b.sql"
    );
}

#[tokio::test]
async fn an_error_inside_a_function_shows_the_statement_that_called_it() {
    let database = database().await;
    let mut connection = connection(&database).await;
    query(
        &mut connection,
        "create function f() returns int language plpgsql as $$ begin return (select nothing from pg_class); end $$",
    )
    .await;
    let file = "select 1;\nselect f();\n";
    let error = batch(&mut connection, file).await.unwrap_err();
    let failure = SqlFailure::new(SqlText { file: "a.sql", text: file }, error.error, 0, Some(10));
    insta::assert_snapshot!(failure.to_string(), @r#"
    column "nothing" does not exist (SQLSTATE 42703)
     --> a.sql:2:1
    2 | select f();
      | ^
    context: PL/pgSQL function f() line 1 at RETURN
    "#);
}

#[tokio::test]
async fn settings_of_a_file_are_put_back() {
    let database = database().await;
    let mut connection = connection(&database).await;
    let ours = "select current_user || ' ' || current_setting('search_path') || ' ' || current_setting('lock_timeout') \
                || ' ' || current_setting('application_name') || ' ' || current_setting('client_connection_check_interval')";
    let before = query(&mut connection, ours).await;
    let file = "set search_path = pg_catalog; set lock_timeout = '1h'; set application_name = 'mine'; \
                set client_connection_check_interval = 0; set role pg_read_all_data";
    query(&mut connection, file).await;
    assert_ne!(query(&mut connection, ours).await, before);
    let reset = connection.reset_sql();
    query(&mut connection, &reset).await;
    assert_eq!(query(&mut connection, ours).await, before);
}

#[tokio::test]
async fn rows_through_the_client_do_not_hang() {
    let database = database().await;
    for sql in ["copy (select 1) to stdout", "create table t (a int); copy t from stdin"] {
        let mut connection = connection(&database).await;
        let error = batch(&mut connection, sql).await.unwrap_err();
        assert!(error.error.ends_connection(), "the conversation is out of step: {error:?}");
    }
}
