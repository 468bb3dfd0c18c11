//! The server ends our session at every point of an apply.

use std::time::Duration;

use palisade_migrator::{ApplyCause, Migration};
use palisade_tests::{Fault, Moment, Server, ServerFiles, query};

use crate::fixture::{Fixture, Stopped, file};

fn files() -> Vec<Migration> {
    let units =
        "-- no-transaction\ncreate table b (x int);\ninsert into b values (1);\ncreate index concurrently i on b (x);";
    vec![
        file(1, "create table a (x int); insert into a values (1)"),
        file(2, units),
        file(3, "insert into a values (3)"),
    ]
}

#[tokio::test]
async fn before_each_message() {
    let scratch = palisade_tests::scratch().await;
    for number in 1.. {
        let (mut it, proxy) = Fixture::behind_proxy_of(scratch.database(&[]).await.unwrap()).await;
        let mut killer = palisade_tests::connection(&it.database).await;
        proxy.arm(Moment::Question(number), Fault::Hold);
        let files = files();
        let mut runs = 0;
        loop {
            runs += 1;
            assert!(runs < 4, "{number}: {:?}", it.said);
            let run = it.migrate(&files);
            let killed = async {
                proxy.held().await;
                let others = "select pg_terminate_backend(pid, 60000) from pg_stat_activity \
                              where datname = current_database() and pid <> pg_backend_pid()";
                query(&mut killer, others).await;
                proxy.release();
                std::future::pending::<()>().await;
            };
            tokio::select! {
                ended = run => if ended.is_ok() { break },
                () = killed => unreachable!(),
            }
        }
        let sql = "select string_agg(x::text, ' ' order by x) from a union all select string_agg(x::text, ' ') from b \
                   union all select indisvalid::text from pg_index where indexrelid = 'i'::regclass";
        assert_eq!(query(&mut killer, sql).await, ["1 3", "1", "true"], "{number}");
        assert_eq!(it.versions().await, ["1", "2", "3"]);
        if proxy.disarm() {
            assert!(number > 15, "{number}");
            break;
        }
    }
}

#[tokio::test]
async fn in_the_middle_of_a_statement() {
    let mut it = Fixture::new().await;
    let files = [file(1, "create table t (); select pg_advisory_lock(7)")];
    let mut killer = palisade_tests::connection(&it.database).await;
    // The migration waits for this lock, so that it is in the middle for sure.
    query(&mut killer, "select pg_advisory_lock(7)").await;
    let (stopped, ()) = tokio::join!(it.migrate(&files), async {
        let waits = "select pid from pg_stat_activity where datname = current_database() and wait_event = 'advisory'";
        palisade_tests::until("it waits", async || !query(&mut killer, waits).await.is_empty()).await;
        query(&mut killer, &format!("select pg_terminate_backend(({waits}), 60000)")).await;
    });
    let Err(Stopped::Apply(error)) = stopped else { panic!("it must fail") };
    assert!(matches!(error.cause, ApplyCause::Lost { .. }), "{error:?}");
    insta::assert_snapshot!(error.to_string(), @"terminating connection due to administrator command (SQLSTATE 57P01); `migrations/1_x.sql` was not applied, nothing of it is in the database");
    query(&mut killer, "select pg_advisory_unlock(7)").await;
    assert_eq!(it.migrate(&files).await.unwrap().done.len(), 1);
}

/// The whole server goes away and comes back, with what it had not written to disk lost.
#[tokio::test]
async fn the_server_crashes() {
    // Nothing is written before somebody waits for it.
    let configuration = "wal_writer_delay = 10s\nwal_writer_flush_after = 1GB";
    let mut server = Server::start(&ServerFiles { configuration, ..ServerFiles::default() }).await;
    let files: Vec<Migration> = (1..=30).map(|it| file(it, &format!("create table t{it} ()"))).collect();
    let proxy = palisade_tests::Proxy::new(server.socket_url()).await;
    let mut it = Fixture { url: proxy.url().clone(), reconnect: Duration::from_mins(1), ..Fixture::new().await };
    // Asynchronous commits are lost in a crash, those before them are not.
    proxy.when_sends("create table t20", Fault::Hold);
    let (ended, ()) = tokio::join!(it.migrate(&files), async {
        proxy.held().await;
        server.stop();
        proxy.release();
        server.run().await;
    });
    let mut connection =
        palisade_db::connect(&palisade_db::ConnectSettings::new(server.socket_url().clone())).await.unwrap();
    let agree = "select string_agg(version::text, ' ' order by version) from palisade.migrations
                 union all select string_agg(substr(relname, 2), ' ' order by substr(relname, 2)::int)
                             from pg_class where relname ~ '^t[0-9]+$'";
    let found = query(&mut connection, agree).await;
    assert_eq!(found[0], found[1]);
    match ended {
        Err(Stopped::Apply(error)) => {
            let done: Vec<String> = error.done.iter().map(|it| it.version.to_string()).collect();
            assert_eq!(done, found[0].split_whitespace().collect::<Vec<_>>(), "what is reported is what is there");
        }
        other => panic!("{other:?}"),
    }
    it.migrate(&files).await.unwrap();
    let found = query(&mut connection, agree).await;
    assert_eq!(found[0].split(' ').count(), 30);
    assert_eq!(found[0], found[1]);
}
