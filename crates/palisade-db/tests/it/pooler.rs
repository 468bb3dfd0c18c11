//! What lies between us and the server.

use std::time::Duration;

use palisade_config::DatabaseUrl;
use palisade_db::{LockError, Pooling, Session};
use palisade_embedded::ScratchDatabase;
use palisade_tests::{PgBouncer, query};

use crate::support::open;

/// Refuses our marker, or ignores it.
const MARKERS: [&str; 2] = ["", "ignore_startup_parameters = options, extra_float_digits"];

async fn pooling(url: &DatabaseUrl) -> Pooling {
    open(url).await.pooling().await.unwrap()
}

/// Makes the pooler open some server connections, which then stay idle.
async fn several_idle(database: &ScratchDatabase, pooler: &PgBouncer, count: usize) {
    let mut clients = Vec::new();
    for _ in 0..count {
        let mut client = open(pooler.url()).await;
        query(&mut client, "begin").await;
        clients.push(client);
    }
    for client in &mut clients {
        query(client, "commit").await;
    }
    let mut witness = palisade_tests::connection(database).await;
    let sql =
        "select count(*)::text from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()";
    assert_eq!(query(&mut witness, sql).await, [count.to_string()]);
    for client in clients {
        client.close().await;
    }
}

#[tokio::test]
async fn a_direct_connection_is_one() {
    let database = palisade_tests::database().await;
    assert_eq!(pooling(database.url()).await, Pooling::None);
    assert_eq!(pooling(database.tcp_url()).await, Pooling::None);
    let proxy = palisade_tests::Proxy::new(database.url()).await;
    assert_eq!(pooling(proxy.url()).await, Pooling::None, "a proxy that only forwards is not in the way");
}

#[tokio::test]
async fn transaction_mode_is_recognised_and_refused() {
    let database = palisade_tests::database().await;
    for settings in MARKERS {
        let pooler = PgBouncer::start(database.url(), "transaction", settings).await;
        assert_eq!(pooling(pooler.url()).await, Pooling::Transaction, "{settings}");
        several_idle(&database, &pooler, 3).await;
        assert_eq!(pooling(pooler.url()).await, Pooling::Transaction, "{settings}");
        let error = Session::acquire(open(pooler.url()).await, Duration::ZERO, |_| ()).await.unwrap_err();
        assert!(matches!(error, LockError::TransactionPooler), "{error:?}");
        assert!(error.help().contains("DIRECT_URL"), "{}", error.help());
    }
}

#[tokio::test]
async fn a_pooler_that_takes_its_servers_in_turn_is_recognised() {
    for size in 1..5 {
        let settings = format!("server_round_robin = 1\ndefault_pool_size = {size}");
        // A database of its own for each, so that server connections can be counted.
        let database = palisade_tests::database().await;
        let pooler = PgBouncer::start(database.url(), "transaction", &settings).await;
        several_idle(&database, &pooler, size).await;
        for _ in 0..3 {
            assert_eq!(pooling(pooler.url()).await, Pooling::Transaction, "{size} servers");
        }
    }
}

#[tokio::test]
async fn a_busy_pooler_is_recognised() {
    let database = palisade_tests::database().await;
    let pooler = PgBouncer::start(database.url(), "transaction", "default_pool_size = 5").await;
    let (mut one, mut two) = (open(pooler.url()).await, open(pooler.url()).await);
    query(&mut one, "begin").await;
    query(&mut two, "begin").await;
    assert_eq!(pooling(pooler.url()).await, Pooling::Transaction);
    drop((one, two));
}

#[tokio::test]
async fn statement_mode_is_as_bad() {
    let database = palisade_tests::database().await;
    for settings in MARKERS {
        let pooler = PgBouncer::start(database.url(), "statement", settings).await;
        assert_eq!(pooling(pooler.url()).await, Pooling::Transaction, "{settings}");
    }
}

#[tokio::test]
async fn session_mode_will_do() {
    let database = palisade_tests::database().await;
    for settings in MARKERS {
        let settings = format!("{settings}\nserver_round_robin = 1");
        let pooler = PgBouncer::start(database.url(), "session", &settings).await;
        assert_eq!(pooling(pooler.url()).await, Pooling::Session, "{settings}");
        several_idle(&database, &pooler, 3).await;
        assert_eq!(pooling(pooler.url()).await, Pooling::Session, "{settings}");
        let mut session = Session::acquire(open(pooler.url()).await, Duration::from_secs(20), |_| ()).await.unwrap();
        let locks = "select 1 from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()";
        assert_eq!(query(session.connection(), locks).await.len(), 1);
    }
}

#[tokio::test]
async fn session_mode_without_a_second_place_will_do() {
    let database = palisade_tests::database().await;
    let pooler = PgBouncer::start(database.url(), "session", "default_pool_size = 1").await;
    assert_eq!(pooling(pooler.url()).await, Pooling::Session);
    let pooler = PgBouncer::start(database.url(), "session", "default_pool_size = 1\nmax_client_conn = 1").await;
    assert!(open(pooler.url()).await.pooling().await.is_err(), "nothing is said about what was not seen");
}
