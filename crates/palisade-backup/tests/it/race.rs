//! Tables that change while a backup begins.

use palisade_backup::{CreateOptions, EngineChoice, create};

use crate::support::{Place, run};

/// `pg_dump` alone dumps no row of such a table, and says nothing.
#[tokio::test]
async fn a_table_that_is_truncated_and_filled_again_is_never_empty() {
    let place = Place::new().await;
    run(&mut place.connect().await, "create table busy as select it from generate_series(1, 2000) it").await;
    for engine in [EngineChoice::Single, EngineChoice::Parallel] {
        let mut other = place.connect().await;
        run(&mut other, "begin; truncate busy; insert into busy select it from generate_series(1, 2000) it").await;
        let options = CreateOptions { engine, ..place.options() };
        let waiting = "select count(*)::text from pg_locks where not granted and relation = 'busy'::regclass";
        let (manifest, ()) = tokio::join!(create(&options, |_| ()), async {
            let mut watcher = place.connect().await;
            while crate::support::ask(&mut watcher, waiting).await == "0" {
                tokio::task::yield_now().await;
            }
            run(&mut other, "commit").await;
        });
        let manifest = manifest.unwrap();
        assert_eq!(manifest.tables.iter().find(|it| it.name == "busy").unwrap().rows, 2000);
    }
}

#[tokio::test]
async fn writers_do_not_tear_it() {
    let place = Place::new().await;
    run(
        &mut place.connect().await,
        "create table accounts as select it as id, 100 as money from generate_series(1, 200) it",
    )
    .await;
    let mut writer = place.connect().await;
    let (done, finished) = tokio::sync::oneshot::channel::<()>();
    let options = CreateOptions { engine: EngineChoice::Parallel, ..place.options() };
    let (manifest, ()) = tokio::join!(
        async {
            let manifest = create(&options, |_| ()).await;
            drop(done);
            manifest
        },
        async {
            let (mut finished, mut moved) = (finished, 0);
            while finished.try_recv() == Err(tokio::sync::oneshot::error::TryRecvError::Empty) {
                let (from, to) = (1 + moved % 100, 101 + (moved * 7) % 100);
                moved += 1;
                let sql = format!(
                    "begin; update accounts set money = money - 7 where id = {from};
                     update accounts set money = money + 7 where id = {to}; commit"
                );
                run(&mut writer, &sql).await;
                tokio::task::yield_now().await;
            }
        }
    );
    let target = palisade_tests::database().await;
    place.bring_back(&manifest.unwrap(), &target, palisade_backup::Overwrite::Refuse).await.unwrap();
    let mut connection = palisade_tests::connection(&target).await;
    let sum = crate::support::ask(&mut connection, "select sum(money)::text from accounts").await;
    assert_eq!(sum, "20000");
}
