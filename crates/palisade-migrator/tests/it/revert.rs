//! Migrations that are taken back.

use crate::fixture::{Fixture, Stopped, pair};

#[tokio::test]
async fn up_and_down_and_up_again() {
    let mut it = Fixture::new().await;
    let files = [
        pair(1, "create table a (x int)", "drop table a"),
        pair(2, "create table b (x int)", "drop table b"),
        pair(
            3,
            "-- no-transaction\ncreate index concurrently i on a (x);",
            "-- no-transaction\ndrop index concurrently i;",
        ),
    ];
    for _ in 0..2 {
        assert_eq!(it.migrate(&files).await.unwrap().done.len(), 3);
        let back: Vec<_> = files.iter().rev().cloned().collect();
        let reverted = it.revert(&back).await.unwrap();
        assert_eq!(reverted.done.iter().map(|it| it.version.0).collect::<Vec<_>>(), [3, 2, 1]);
        assert_eq!(it.versions().await, [""; 0]);
        assert_eq!(it.query("select 1 from pg_class where relname in ('a', 'b', 'i')").await, [""; 0]);
    }
    let tries = it.attempts().await;
    assert_eq!(tries[..4], ["apply 1 done", "apply 2 done", "apply 3 done", "revert 3 done"]);
    assert!(tries.iter().all(|it| it.ends_with("done")), "{tries:?}");
}

#[tokio::test]
async fn a_way_back_that_fails_leaves_the_migration_applied() {
    let mut it = Fixture::new().await;
    let files = [pair(1, "create table a (x int)", "drop table a; drop table nothing")];
    it.migrate(&files).await.unwrap();
    let error = it.revert(&files).await.unwrap_err();
    insta::assert_snapshot!(error.to_string(), @r#"
    table "nothing" does not exist (SQLSTATE 42P01)
     --> migrations/1_x.down.sql:1:15
    1 | drop table a; drop table nothing
      |               ^
    `migrations/1_x.down.sql` was rolled back: nothing of it is in the database
    "#);
    assert_eq!(it.versions().await, ["1"]);
    assert_eq!(it.query("select 1 from pg_class where relname = 'a'").await, ["1"]);
    assert_eq!(it.attempts().await, ["apply 1 done", "revert 1 failed"]);
    assert_eq!(it.migrate(&files).await.unwrap().done.len(), 0, "it is applied as before");
}

#[tokio::test]
async fn a_half_done_way_back_is_taken_up_again() {
    let mut it = Fixture::new().await;
    let down = |last: &str| {
        format!("-- no-transaction\ninsert into log values ('once');\ndrop index concurrently i;\n{last};\n")
    };
    let up = "create table log (line text); create table a (x int); create index i on a (x)";
    let broken = [pair(1, up, &down("drop table nothing"))];
    it.migrate(&broken).await.unwrap();
    let Err(Stopped::Apply(error)) = it.revert(&broken).await else { panic!("it must fail") };
    assert!(error.to_string().contains("the first 2 of 3 units"), "{error}");
    assert_eq!(it.versions().await, ["1"]);
    it.said.clear();
    it.revert(&[pair(1, up, &down("drop table a"))]).await.unwrap();
    assert_eq!(
        it.said,
        ["1/1 migrations/1_x.down.sql", "resume behind 2", "run drop table a", "done migrations/1_x.down.sql"]
    );
    assert_eq!(it.query("select line from log").await, ["once"]);
    assert_eq!(it.versions().await, [""; 0]);
}
