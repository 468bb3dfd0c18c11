//! COMMIT is the one statement whose lost answer leaves everything open.

use palisade_migrator::{ApplyCause, Migration};
use palisade_tests::{Fault, until};

use crate::fixture::{Fixture, Stopped, file};

/// How the last message of an apply begins: a COMMIT and nothing else, with the NUL that ends it.
const LAST_COMMIT: &str = "commit\0";

fn files() -> [Migration; 3] {
    [file(1, "create table a (x int)"), file(2, "create table b (x int)"), file(3, "insert into a values (1)")]
}

#[tokio::test]
async fn the_answer_to_the_last_commit_is_lost() {
    let (mut it, proxy) = Fixture::behind_proxy().await;
    proxy.when_sends(LAST_COMMIT, Fault::LoseAnswer);
    let applied = it.migrate(&files()).await.unwrap();
    assert!(!proxy.disarm(), "it was lost");
    assert_eq!(applied.done.len(), 3);
    assert_eq!(it.said.last_chunk().unwrap(), &["reconnect", "done migrations/3_x.sql"]);
    assert_eq!(it.versions().await, ["1", "2", "3"]);
    assert_eq!(it.attempts().await, ["apply 1 done", "apply 2 done", "apply 3 done"]);
    assert_eq!(it.query("select count(*) from a").await, ["1"]);
    assert_eq!(it.migrate(&files()).await.unwrap().done.len(), 0);
}

#[tokio::test]
async fn the_answer_to_a_commit_is_lost_and_the_next_migration_with_it() {
    let (mut it, proxy) = Fixture::behind_proxy().await;
    // The COMMIT of the first migration is in the message of the second.
    proxy.when_sends("create table b", Fault::LoseAnswer);
    let applied = it.migrate(&files()).await.unwrap();
    assert_eq!(applied.done.len(), 3);
    assert_eq!(it.said.iter().filter(|it| *it == "reconnect").count(), 1);
    assert_eq!(it.versions().await, ["1", "2", "3"]);
    // The lost message had noted its try.
    assert_eq!(it.attempts().await, ["apply 1 done", "apply 2 failed", "apply 2 done", "apply 3 done"]);
}

#[tokio::test]
async fn the_last_commit_never_arrives() {
    let (mut it, proxy) = Fixture::behind_proxy().await;
    proxy.when_sends(LAST_COMMIT, Fault::CutBefore);
    let Err(Stopped::Apply(error)) = it.migrate(&files()).await else { panic!("it must fail") };
    assert_eq!(error.done.len(), 2);
    assert!(matches!(&error.cause, ApplyCause::Lost { file, .. } if file == "migrations/3_x.sql"), "{error:?}");
    assert!(
        error.to_string().ends_with("`migrations/3_x.sql` was not applied, nothing of it is in the database"),
        "{error}"
    );
    assert_eq!(it.versions().await, ["1", "2"]);
    assert_eq!(it.query("select count(*) from a").await, ["0"]);
    assert_eq!(it.migrate(&files()).await.unwrap().done.len(), 1);
    assert_eq!(it.query("select count(*) from a").await, ["1"]);
}

#[tokio::test]
async fn a_commit_in_between_never_arrives() {
    let (mut it, proxy) = Fixture::behind_proxy().await;
    proxy.when_sends("create table b", Fault::CutBefore);
    let Err(Stopped::Apply(error)) = it.migrate(&files()).await else { panic!("it must fail") };
    assert_eq!(error.done.len(), 0);
    assert!(matches!(&error.cause, ApplyCause::Lost { file, .. } if file == "migrations/1_x.sql"), "{error:?}");
    assert_eq!(it.versions().await, [""; 0]);
    assert_eq!(it.migrate(&files()).await.unwrap().done.len(), 3);
    assert_eq!(it.attempts().await, ["apply 1 failed", "apply 1 done", "apply 2 done", "apply 3 done"]);
}

#[tokio::test]
async fn what_is_reported_is_true_when_the_server_is_left_alone_with_the_commit() {
    for text in [LAST_COMMIT, "create table b", "create table a"] {
        let (mut it, proxy) = Fixture::behind_proxy().await;
        proxy.when_sends(text, Fault::CutBehind);
        let done = match it.migrate(&files()).await {
            Ok(applied) => applied.done,
            Err(Stopped::Apply(error)) => error.done,
            Err(other) => panic!("{other}"),
        };
        let done: Vec<String> = done.iter().map(|it| it.version.to_string()).collect();
        assert_eq!(it.versions().await, done, "{text}");
        it.migrate(&files()).await.unwrap();
        assert_eq!(it.versions().await, ["1", "2", "3"]);
        assert_eq!(it.query("select count(*) from a").await, ["1"]);
    }
}

#[tokio::test]
async fn killed_while_the_answer_is_awaited() {
    let (it, proxy) = Fixture::behind_proxy().await;
    proxy.when_sends(LAST_COMMIT, Fault::BlackHole);
    let (mut other, files) = (it.clone(), files());
    let committed = until("the last migration is committed", async || {
        it.query("select 1 where to_regclass('palisade.migrations') is not null").await.len() == 1
            && it.versions().await.len() == 3
    });
    tokio::select! {
        ended = other.migrate(&files) => panic!("it waits for the answer: {ended:?}"),
        () = committed => {}
    }
    let mut next = it.direct();
    assert_eq!(next.migrate(&files).await.unwrap().done.len(), 0);
    assert_eq!(it.query("select count(*) from a").await, ["1"]);
}

#[tokio::test]
async fn the_server_cannot_be_reached_again() {
    let (mut it, proxy) = Fixture::behind_proxy().await;
    it.reconnect = std::time::Duration::ZERO;
    proxy.when_sends(LAST_COMMIT, Fault::Hold);
    let files = files();
    let (stopped, ()) = tokio::join!(it.migrate(&files), async {
        proxy.held().await;
        proxy.refuse();
        proxy.cut();
    });
    let Err(Stopped::Apply(error)) = stopped else { panic!("it must fail") };
    assert_eq!(error.done.len(), 2);
    assert!(matches!(error.cause, ApplyCause::NoWayBack { .. }), "{error:?}");
    assert!(error.help().unwrap().contains("it finds out what was done"));
    assert_eq!(it.direct().migrate(&files).await.unwrap().done.len(), 1);
}
