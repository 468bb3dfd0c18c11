//! Migrations without transaction.

use palisade_migrator::ApplyCause;

use crate::fixture::{Fixture, Stopped, file};

const INDEX: &str = "-- no-transaction\ncreate table t (a int);\ninsert into t values (1), (1);\ncreate unique index concurrently i on t (a);\ninsert into t values (5);\n";

#[tokio::test]
async fn several_statements_run_one_by_one() {
    let mut it = Fixture::new().await;
    let sql = "-- no-transaction\ncreate table t (a int);\ncreate index concurrently i on t (a);\nvacuum t;\nbegin; insert into t values (1); insert into t values (2); commit;\nalter system reset work_mem;\ndo $$ begin insert into t values (3); commit; end $$;\n";
    it.migrate(&[file(1, sql), file(2, "select 1")]).await.unwrap();
    assert_eq!(it.query("select string_agg(a::text, ',' order by a) from t").await, ["1,2,3"]);
    assert_eq!(it.query("select version::text from palisade.migrations order by 1").await, ["1", "2"]);
}

#[tokio::test]
async fn a_failure_half_way_is_resumed_and_the_invalid_index_rebuilt() {
    let mut it = Fixture::new().await;
    let Err(Stopped::Apply(error)) = it.migrate(&[file(1, INDEX)]).await else { panic!("it must fail") };
    insta::assert_snapshot!(error.to_string(), @r#"
    could not create unique index "i" (SQLSTATE 23505)
     --> migrations/1_x.sql:4:1
    4 | create unique index concurrently i on t (a);
      | ^
    detail: Key (a)=(1) is duplicated.
    the first 2 of 4 units of `migrations/1_x.sql` are done and stay; the next run goes on behind them
    "#);
    assert_eq!(it.query("select indisvalid::text from pg_index where indexrelid = 'i'::regclass").await, ["false"]);
    it.query("delete from t where ctid = (select min(ctid) from t)").await;
    it.said.clear();
    it.migrate(&[file(1, INDEX)]).await.unwrap();
    assert_eq!(
        it.said,
        [
            "1/1 migrations/1_x.sql",
            "resume behind 2",
            "run create unique index concurrently i on t (a)",
            "clean up invalid index public.i",
            "run insert into t values (5)",
            "done migrations/1_x.sql"
        ]
    );
    assert_eq!(it.query("select indisvalid::text from pg_index where indexrelid = 'i'::regclass").await, ["true"]);
    assert_eq!(it.query("select string_agg(a::text, ',' order by a) from t").await, ["1,5"]);
}

#[tokio::test]
async fn only_the_part_that_is_not_done_may_be_edited() {
    let mut it = Fixture::new().await;
    it.migrate(&[file(1, INDEX)]).await.unwrap_err();
    let before = INDEX.replace("a int", "a bigint");
    let error = it.migrate(&[file(1, &before)]).await.unwrap_err();
    let edited = |it: &Stopped| matches!(it, Stopped::Apply(it) if matches!(it.cause, ApplyCause::EditedHalfway { done: 2, .. }));
    assert!(edited(&error), "{error}");
    let behind = INDEX.replace("create unique", "create");
    it.migrate(&[file(1, &behind)]).await.unwrap();
    assert_eq!(it.query("select indisvalid::text from pg_index where indexrelid = 'i'::regclass").await, ["true"]);
}

#[tokio::test]
async fn settings_and_search_path_hold_for_the_file_also_after_a_resume() {
    let mut it = Fixture::new().await;
    let sql = |last: &str| {
        format!(
            "-- no-transaction\ncreate schema s;\nset search_path = s;\ncreate table t (a int);\ncreate index concurrently i on t (a);\n{last};\n"
        )
    };
    it.migrate(&[file(1, &sql("insert into t values ('x')"))]).await.unwrap_err();
    it.migrate(&[file(1, &sql("insert into t values (7)"))]).await.unwrap();
    assert_eq!(it.query("select a::text from s.t").await, ["7"]);
}

#[tokio::test]
async fn an_index_of_the_name_that_was_there_before_is_an_error() {
    let mut it = Fixture::new().await;
    it.query("create table t (a int); create index i on t (a)").await;
    let sql = "-- no-transaction\ncreate index concurrently i on t (a);\n";
    for _ in 0..2 {
        let error = it.migrate(&[file(1, sql)]).await.unwrap_err();
        assert!(error.to_string().starts_with("relation \"i\" already exists (SQLSTATE 42P07)"), "{error}");
    }
}

#[tokio::test]
async fn a_left_over_invalid_index_is_rebuilt_even_with_if_not_exists() {
    let mut it = Fixture::new().await;
    it.query("create table t (a int); insert into t values (1), (1)").await;
    let mut connection = palisade_tests::connection(&it.database).await;
    palisade_db::batch(&mut connection, "create unique index concurrently i on t (a)").await.unwrap_err();
    it.query("delete from t where ctid = (select min(ctid) from t)").await;
    let sql = "-- no-transaction\ncreate unique index concurrently if not exists i on t (a);\n";
    it.migrate(&[file(1, sql)]).await.unwrap();
    assert_eq!(it.query("select indisvalid::text from pg_index where indexrelid = 'i'::regclass").await, ["true"]);
}
