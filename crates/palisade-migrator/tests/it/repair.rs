//! Corrections of the history.

use palisade_migrator::{DriftError, Migration, Repair, RepairError};

use crate::fixture::{Fixture, Stopped, file};

fn files() -> Vec<Migration> {
    vec![file(1, "create table t (a int)"), file(2, "insert into t values (2)"), file(3, "insert into t values (3)")]
}

async fn does_not_fit(it: &Fixture, files: &[Migration], version: i64, repair: Repair) -> String {
    let before = it.query("select count(*) from palisade.attempts").await;
    let error = it.repair(files, version, repair).await.unwrap_err();
    assert!(matches!(error, RepairError::DoesNotFit { .. }), "{error:?}");
    assert!(error.help().is_some());
    assert_eq!(it.query("select count(*) from palisade.attempts").await, before, "nothing is noted");
    error.to_string()
}

async fn drift(it: &mut Fixture, files: &[Migration]) -> DriftError {
    match it.migrate(files).await {
        Err(Stopped::Drift(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn forget_and_accept() {
    let (mut it, files) = (Fixture::new().await, files());
    it.migrate(&files).await.unwrap();
    it.repair(&files, 2, Repair::Forget).await.unwrap();
    assert_eq!(it.versions().await, ["1", "3"]);
    assert!(matches!(drift(&mut it, &files).await, DriftError::OutOfOrder { .. }));
    insta::assert_snapshot!(does_not_fit(&it, &files, 2, Repair::Forget).await, @"`--forget` does not fit migration 2: it is not in the history");
    it.repair(&files, 2, Repair::Accept).await.unwrap();
    assert_eq!(it.migrate(&files).await.unwrap().done.len(), 0);
    assert_eq!(it.query("select a from t order by a").await, ["2", "3"], "no object was touched");
    assert!(it.attempts().await.ends_with(&["repair 2 done".to_owned(), "repair 2 done".to_owned()]));
    let noted = "select description || ' ' || who || ' ' || length(plan_digest) from palisade.attempts where kind = 'repair' order by id";
    assert_eq!(it.query(noted).await, ["forget tester@here 64", "accept tester@here 64"]);
    insta::assert_snapshot!(does_not_fit(&it, &files, 9, Repair::Accept).await, @"`--accept` does not fit migration 9: there is no file of this version");
}

#[tokio::test]
async fn accept_what_another_tool_left_dirty() {
    let (mut it, files) = (Fixture::new().await, files());
    it.migrate(&files[..2]).await.unwrap();
    it.query("update palisade.migrations set success = false where version = 2").await;
    assert!(matches!(drift(&mut it, &files).await, DriftError::Dirty { .. }));
    it.repair(&files, 2, Repair::Accept).await.unwrap();
    assert_eq!(it.migrate(&files).await.unwrap().done.len(), 1);
}

#[tokio::test]
async fn accept_in_a_database_without_history() {
    let (mut it, files) = (Fixture::new().await, files());
    it.query("create table t (a int)").await;
    it.repair(&files, 1, Repair::Accept).await.unwrap();
    assert_eq!(it.migrate(&files).await.unwrap().done.len(), 2);
    assert_eq!(it.query("select a from t order by a").await, ["2", "3"]);
}

#[tokio::test]
async fn accept_an_edit() {
    let (mut it, mut files) = (Fixture::new().await, files());
    it.migrate(&files).await.unwrap();
    files[1].up.sql.push_str(" -- explained");
    assert!(matches!(drift(&mut it, &files).await, DriftError::Edited { .. }));
    it.repair(&files, 2, Repair::AcceptEdit).await.unwrap();
    assert_eq!(it.migrate(&files).await.unwrap().done.len(), 0);
    files.push(file(4, "select 1"));
    insta::assert_snapshot!(does_not_fit(&it, &files, 4, Repair::AcceptEdit).await, @"`--accept-edit` does not fit migration 4: it is not in the history");
    insta::assert_snapshot!(does_not_fit(&it, &files[..1], 2, Repair::AcceptEdit).await, @"`--accept-edit` does not fit migration 2: there is no file of this version");
}

#[tokio::test]
async fn restart_a_half_done_file() {
    let mut it = Fixture::new().await;
    let broken = [file(1, "-- no-transaction\ncreate table t (a int);\ninsert into t values ('x');")];
    it.migrate(&broken).await.unwrap_err();
    let other = [file(1, "-- no-transaction\ncreate table u (a int);\ninsert into u values (1);")];
    it.migrate(&other).await.unwrap_err();
    let mut said = vec![does_not_fit(&it, &other, 1, Repair::StatementDone).await];
    said.push(does_not_fit(&it, &other, 1, Repair::StatementAgain).await);
    it.query("drop table t").await;
    it.repair(&other, 1, Repair::Restart).await.unwrap();
    said.push(does_not_fit(&it, &other, 1, Repair::Restart).await);
    it.migrate(&other).await.unwrap();
    said.push(does_not_fit(&it, &other, 1, Repair::Restart).await);
    assert_eq!(it.query("select a from u").await, ["1"]);
    insta::assert_snapshot!(said.join("\n"), @r#"
    `--statement-done` does not fit migration 1: no statement of it was interrupted
    `--statement-again` does not fit migration 1: no statement of it was interrupted
    `--restart` does not fit migration 1: nothing of it is half done
    `--restart` does not fit migration 1: no run of it was interrupted
    "#);
}
