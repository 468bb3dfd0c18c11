//! Two runs on one database.

use palisade_migrator::{ApplyCause, Migration};
use palisade_tests::{Fault, until};

use crate::fixture::{Fixture, Stopped, file};

fn files() -> Vec<Migration> {
    vec![
        file(1, "create table a (x int)"),
        file(2, "-- no-transaction\ninsert into a values (2);\ncreate index concurrently a_x_idx on a (x);"),
        file(3, "insert into a values (3)"),
    ]
}

#[tokio::test]
async fn one_applies_and_the_others_find_nothing_to_do() {
    let it = Fixture::new().await;
    let files = files();
    let mut runs: Vec<Fixture> = (0..4).map(|_| it.clone()).collect();
    let [a, b, c, d] = runs.as_mut_slice() else { unreachable!() };
    let ends = tokio::join!(a.migrate(&files), b.migrate(&files), c.migrate(&files), d.migrate(&files));
    let mut done: Vec<usize> = [ends.0, ends.1, ends.2, ends.3].into_iter().map(|it| it.unwrap().done.len()).collect();
    done.sort_unstable();
    assert_eq!(done, [0, 0, 0, 3]);
    assert_eq!(it.query("select x from a order by x").await, ["2", "3"]);
    assert_eq!(it.attempts().await, ["apply 1 done", "apply 2 done", "apply 3 done"]);
}

/// The session is lost, another run takes the lock and does all there is to do, and the first comes back.
#[tokio::test]
async fn another_run_goes_past_a_lost_session() {
    // One message of each sort: a transaction, a unit, the end of a file without transaction.
    for text in [
        "commit\0",
        "create table a",
        "insert into a values (2)",
        "create index concurrently",
        "insert into a values (3)",
    ] {
        let (mut it, proxy) = Fixture::behind_proxy().await;
        let files = files();
        proxy.when_sends(text, Fault::Hold);
        let mut other = it.direct();
        let (stopped, ()) = tokio::join!(it.migrate(&files), async {
            proxy.held().await;
            // The lock is free once the server has noticed; whoever waits gets it.
            let mut network = other.direct();
            network
                .query(
                    "select pg_terminate_backend(pid, 60000) from pg_locks where locktype = 'advisory' and granted \
                               and database = (select oid from pg_database where datname = current_database())",
                )
                .await;
            network.migrate(&files).await.unwrap();
            other.said = network.said;
            proxy.cut();
        });
        assert_eq!(other.versions().await, ["1", "2", "3"], "{text}");
        assert_eq!(other.query("select x from a order by x").await, ["2", "3"], "{text}: {:?}", it.said);
        match stopped {
            Ok(applied) => panic!("{text}: it did not apply {applied:?}"),
            Err(Stopped::Apply(error)) => assert!(
                matches!(error.cause, ApplyCause::HistoryChanged | ApplyCause::Lost { .. }),
                "{text}: {error:?}"
            ),
            Err(other) => panic!("{text}: {other}"),
        }
        assert_eq!(it.migrate(&files).await.unwrap().done.len(), 0);
    }
}

#[tokio::test]
async fn the_other_waits_for_a_long_index() {
    let it = Fixture::new().await;
    let mut first = it.clone();
    first.migrate(&files()[..1]).await.unwrap();
    // An index waits for whoever has written to the table.
    let mut writer = palisade_tests::connection(&it.database).await;
    palisade_tests::query(&mut writer, "begin; insert into a values (7)").await;
    let (mut second, files) = (it.clone(), files());
    let building = "select 1 from pg_stat_progress_create_index where phase like 'waiting%'";
    let (one, two, ()) = tokio::join!(first.migrate(&files), second.migrate(&files), async {
        until("the index waits", async || !it.query(building).await.is_empty()).await;
        palisade_tests::query(&mut writer, "rollback").await;
    });
    assert_eq!(one.unwrap().done.len() + two.unwrap().done.len(), 2);
}
