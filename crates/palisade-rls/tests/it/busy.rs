//! Others that are in the way.

use std::time::Duration;

use palisade_rls::{ApplyError, ApplySettings, Orphans};

use crate::support::{Database, Failed, ask, rolled_back, run};

const FILE: (&str, &str) =
    ("rls/t.sql", "alter table t enable row level security;\nalter table only u force row level security");

#[tokio::test]
async fn a_lock_that_is_never_given_back_ends_in_an_error_that_names_its_holder() {
    let database = Database::new("create table t (); create table u ();").await;
    let mut other = database.connect().await;
    run(&mut other, "set application_name = 'report'; begin; select * from u").await;
    let pid = ask(&mut other, "select pg_backend_pid()::text").await.unwrap();

    // Whoever reads what is held, or what was locked before it, gets answers all the same.
    let mut reader = database.connect().await;
    run(&mut reader, "set lock_timeout = '15s'").await;
    let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let is_over = std::sync::Arc::clone(&stop);
    let reading = tokio::spawn(async move {
        while !is_over.load(std::sync::atomic::Ordering::Relaxed) {
            assert_eq!(ask(&mut reader, "select count(*)::text from t, u").await.unwrap(), "0");
        }
    });
    let settings = ApplySettings { lock_timeout: Duration::from_millis(20), retry_for: Duration::from_secs(1) };
    let error = database.apply_with(&[FILE], Orphans::Keep, settings).await.unwrap_err();
    let Failed::Apply(ApplyError::Busy { what, tries, blockers, .. }) = &error else { panic!("{error:?}") };
    assert!(*tries > 1);
    assert_eq!(what, "the lock on public.u");
    assert_eq!(blockers[0].pid.to_string(), pid);
    assert_eq!((blockers[0].application.as_str(), blockers[0].state.as_str()), ("report", "idle in transaction"));
    assert!(error.to_string().contains(&format!("pg_terminate_backend({pid})")));
    let enabled =
        "select count(*)::text from pg_class where relname in ('t', 'u') and (relrowsecurity or relforcerowsecurity)";
    assert_eq!(ask(&mut database.connect().await, enabled).await.unwrap(), "0");
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    reading.await.unwrap();

    run(&mut other, "commit").await;
    assert_eq!(database.apply(&[FILE]).await.unwrap().changes.len(), 2);
}

#[tokio::test]
async fn a_lock_that_is_given_back_is_waited_for() {
    let database = Database::new("create table t (); create table u ();").await;
    let mut other = database.connect().await;
    run(&mut other, "begin; lock table t").await;
    let applying = tokio::spawn(async move {
        let applied = database.apply(&[FILE]).await;
        (database, applied)
    });
    // Only once a try has failed does the other one let go.
    let mut watcher = other.connect_again().await.unwrap();
    let before = rolled_back(&mut watcher).await;
    while rolled_back(&mut watcher).await == before {
        tokio::task::yield_now().await;
    }
    run(&mut other, "commit").await;
    let (_database, applied) = applying.await.unwrap();
    let applied = applied.unwrap();
    assert!(applied.tries > 1, "{applied:?}");
    assert_eq!(applied.changes.len(), 2);
}
