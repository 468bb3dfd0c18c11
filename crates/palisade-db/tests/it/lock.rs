//! The lock that keeps two runs apart.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use palisade_db::{ConnectSettings, Connection, Holder, LockError, ReconnectError, Session, batch, connect};
use palisade_embedded::ScratchDatabase;
use palisade_sql::SqlState;
use palisade_tests::{Fault, Proxy, connection, database, query, until};

const LONG: Duration = Duration::from_mins(1);

async fn named(database: &ScratchDatabase, name: &str) -> Connection {
    let settings =
        ConnectSettings { application_name: name.to_owned(), ..ConnectSettings::new(database.url().clone()) };
    connect(&settings).await.unwrap()
}

async fn session(database: &ScratchDatabase) -> Session {
    Session::acquire(connection(database).await, LONG, |_| panic!("the lock is free")).await.unwrap()
}

#[tokio::test]
async fn one_works_and_the_other_waits() {
    let database = database().await;
    let first = Session::acquire(named(&database, "first").await, LONG, |_| ()).await.unwrap();
    let seen: Arc<Mutex<Vec<Holder>>> = Arc::default();
    let (other, told) = (named(&database, "second").await, seen.clone());
    let second = tokio::spawn(async move {
        Session::acquire(other, LONG, |holder| told.lock().unwrap().extend(holder.cloned())).await
    });
    until("the second waits", async || !seen.lock().unwrap().is_empty()).await;
    assert!(!second.is_finished());
    let connection = first.release().await.unwrap();
    let second = second.await.unwrap().unwrap();
    let seen = seen.lock().unwrap();
    let [holder] = seen.as_slice() else { panic!("told once: {seen:?}") };
    assert_eq!((holder.application.as_str(), holder.user.as_str()), ("first", "postgres"));
    assert_eq!(holder.address, "local socket");
    assert_eq!(holder.pid, connection.facts().backend_pid);
    drop(second);
}

#[tokio::test]
async fn whoever_waits_too_long_is_told_for_whom() {
    let database = database().await;
    let first = Session::acquire(named(&database, "deploy of Monday").await, LONG, |_| ()).await.unwrap();
    let error = Session::acquire(connection(&database).await, Duration::from_millis(50), |_| ()).await.unwrap_err();
    let LockError::Busy { holder } = &error else { panic!("{error:?}") };
    assert_eq!(holder.application, "deploy of Monday");
    let shown = error.to_string();
    assert!(shown.contains(&holder.pid.to_string()) && shown.contains("deploy of Monday"), "{shown}");
    assert!(error.help().contains(&format!("pg_terminate_backend({})", holder.pid)), "{}", error.help());
    drop(first);
}

#[tokio::test]
async fn other_databases_have_other_locks() {
    let (one, other) = (database().await, database().await);
    let first = session(&one).await;
    let second = session(&other).await;
    drop((first, second));
}

#[tokio::test]
async fn the_lock_ends_with_its_holder() {
    let database = database().await;
    let mut first = session(&database).await;
    let pid = first.connection().facts().backend_pid;
    let mut killer = connection(&database).await;
    assert_eq!(query(&mut killer, &format!("select pg_terminate_backend({pid})")).await, ["t"]);
    let second = Session::acquire(connection(&database).await, LONG, |_| ()).await.unwrap();
    assert!(batch(first.connection(), "select 1").await.unwrap_err().error.ends_connection());
    drop(second);
    // Dropping the value is enough too.
    let third = Session::acquire(connection(&database).await, LONG, |_| ()).await.unwrap();
    drop(third);
}

#[tokio::test]
async fn a_broken_session_is_replaced_and_proves_that_the_old_one_ended() {
    let database = database().await;
    let proxy = Proxy::new(database.url()).await;
    let settings = ConnectSettings::new(proxy.url().clone());
    let mut session = Session::acquire(connect(&settings).await.unwrap(), LONG, |_| ()).await.unwrap();
    let before = session.connection().facts().backend_pid;
    proxy.when_sends("pg_sleep", Fault::CutBehind);
    let error = batch(session.connection(), "select pg_sleep(600)").await.unwrap_err();
    assert!(error.error.ends_connection(), "{error}");
    session.reconnect(LONG).await.unwrap();
    assert_ne!(session.connection().facts().backend_pid, before);
    let mut witness = connection(&database).await;
    let old = format!("select pid::text from pg_locks where locktype = 'advisory' and pid = {before}");
    assert_eq!(query(&mut witness, &old).await, [""; 0]);
    drop(proxy);
    let error = session.reconnect(Duration::from_millis(50)).await.unwrap_err();
    assert!(matches!(error, ReconnectError::Connect(_)), "{error:?}");
}

#[tokio::test]
async fn a_waiter_does_not_stop_an_index_from_being_built() {
    let database = database().await;
    let mut first = session(&database).await;
    query(first.connection(), "create table t (a int)").await;
    let seen = Arc::new(Mutex::new(false));
    let (other, told) = (connection(&database).await, seen.clone());
    let second = tokio::spawn(async move { Session::acquire(other, LONG, |_| *told.lock().unwrap() = true).await });
    until("the second waits", async || *seen.lock().unwrap()).await;
    for number in 0..3 {
        // No lock timeout of ours may be what ends a deadlock.
        let sql = format!("create index concurrently i{number} on t (a)");
        batch(first.connection(), "set lock_timeout = 0").await.unwrap();
        batch(first.connection(), &sql).await.unwrap();
    }
    first.release().await.unwrap();
    second.await.unwrap().unwrap();
}

/// Why the lock is polled: a session that waits inside `pg_advisory_lock` has a snapshot, the index waits for its end.
#[tokio::test]
async fn a_waiter_inside_the_server_would() {
    let database = database().await;
    let (mut first, mut second) = (connection(&database).await, connection(&database).await);
    let mut witness = connection(&database).await;
    query(&mut first, "create table t (a int)").await;
    for it in [&mut first, &mut second] {
        query(it, "set lock_timeout = 0").await;
        query(it, "set deadlock_timeout = '10ms'").await;
    }
    query(&mut first, "select pg_advisory_lock(1)").await;
    let waiter = tokio::spawn(async move { batch(&mut second, "select pg_advisory_lock(1)").await.map(drop) });
    until("the second waits", async || {
        query(
            &mut witness,
            "select 1 from pg_stat_activity where datname = current_database() and wait_event = 'advisory'",
        )
        .await
        .len()
            == 1
    })
    .await;
    let built = batch(&mut first, "create index concurrently i on t (a)").await.map(drop);
    drop(first);
    let ends = [built, waiter.await.unwrap()];
    let deadlocks = ends.iter().filter_map(|it| it.as_ref().err()?.error.sqlstate());
    assert_eq!(deadlocks.collect::<Vec<_>>(), [SqlState::DEADLOCK_DETECTED], "{ends:?}");
}
