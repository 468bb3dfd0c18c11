//! What others do to the database while it is backed up.

use std::time::Duration;

use palisade_backup::{CreateError, CreateOptions, EngineChoice, Laboratory, Level, create, verify};
use palisade_db::ConnectSettings;
use palisade_embedded::EmbeddedSettings;
use palisade_tests::{Fault, Proxy};

use crate::support::{Place, open, run};

const ENGINES: [EngineChoice; 2] = [EngineChoice::Single, EngineChoice::Parallel];

const VIEWS: &str = "create view v as select * from people;
    create materialized view mv as select team, count(*) from people group by team;";

/// `pg_dump` that waits, once everything is locked, until it may go on.
async fn waiting(place: &Place) -> EmbeddedSettings {
    let root = place.directory.path();
    let script = format!("touch {root}/here; while [ ! -e {root}/go ]; do sleep 0.05; done; exec \"$REAL\" \"$@\"");
    place.with_program("pg_dump", &script).await
}

async fn until_here(place: &Place) {
    while !place.directory.path().join("here").exists() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Only tables are locked: who waited for a lock on a view would keep `pg_dump` waiting.
#[tokio::test]
async fn views_are_refreshed() {
    for engine in ENGINES {
        let place = Place::new().await;
        run(&mut place.connect().await, VIEWS).await;
        let options = CreateOptions { engine, embedded: waiting(&place).await, ..place.options() };
        let (manifest, ()) = tokio::join!(create(&options, |_| ()), async {
            until_here(&place).await;
            run(&mut place.connect().await, "set lock_timeout = '20s'; refresh materialized view mv").await;
            place.directory.write("go", "");
        });
        manifest.unwrap();
    }
}

/// A circle that the server does not see: we wait for `pg_dump`, which waits for a view of somebody who waits for us.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_for_us_and_keeps_pg_dump_waiting_is_named() {
    let place = Place::new().await;
    run(&mut place.connect().await, VIEWS).await;
    let options = CreateOptions { embedded: waiting(&place).await, ..place.options() };
    let (result, ()) = tokio::join!(create(&options, |_| ()), async {
        until_here(&place).await;
        let mut other = place.connect().await;
        run(&mut other, "set application_name = 'a migration'; set lock_timeout = 0; begin; alter view v rename to w")
            .await;
        // It goes on once the backup has given up.
        let altering = async { run(&mut other, "alter table people add x int; rollback").await };
        tokio::join!(altering, async {
            // Behind the first look: what sessions there are has to be asked anew.
            tokio::time::sleep(Duration::from_secs(11)).await;
            place.directory.write("go", "");
        });
    });
    let error = result.unwrap_err();
    assert!(matches!(&error, CreateError::Locked { .. }) && error.to_string().contains("(a migration)"), "{error}");
    assert_eq!(place.files(), Vec::<String>::new());
}

/// Indexes, triggers and views are described as they are, not as the snapshot shows them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_function_is_renamed_while_rows_are_read() {
    let place = Place::new().await;
    let indexed = "create function f(text) returns text language sql immutable return lower($1);
        create index on people (f(note));";
    run(&mut place.connect().await, indexed).await;
    let proxy = Proxy::new(place.database.tcp_url()).await;
    proxy.when_sends("copy \"public\".\"people\"", Fault::Hold);
    let options = place.options();
    let connect = ConnectSettings { url: proxy.url().clone(), ..options.connect };
    let options = CreateOptions { engine: EngineChoice::Parallel, connect, ..options };
    let (manifest, ()) = tokio::join!(create(&options, |_| ()), async {
        proxy.held().await;
        run(&mut place.connect().await, "alter function f rename to g").await;
        proxy.release();
    });
    let level = Level::Restored(Box::new(Laboratory { embedded: palisade_tests::settings(), checks: None }));
    let verdict = verify(&open(place.store()), &manifest.unwrap(), None, &level, |_| ()).await.unwrap();
    assert_eq!((verdict.problems, verdict.unverified), (Vec::<String>::new(), Vec::new()));
}

/// A table that is asked for behind our locks waits, if somebody waits for these.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_for_a_table_that_was_not_read_yet_is_named() {
    let place = Place::new().await;
    let proxy = Proxy::new(place.database.tcp_url()).await;
    proxy.when_sends("copy \"public\".\"people\"", Fault::Hold);
    let options = place.options();
    let connect =
        ConnectSettings { url: proxy.url().clone(), lock_timeout: Duration::from_millis(300), ..options.connect };
    let options = CreateOptions { engine: EngineChoice::Parallel, jobs: 1, connect, ..options };
    let (result, ()) = tokio::join!(create(&options, |_| ()), async {
        proxy.held().await;
        let mut other = place.connect().await;
        run(&mut other, "set application_name = 'a migration'; set lock_timeout = 0").await;
        let altering = async { run(&mut other, "alter table people add x int").await };
        tokio::join!(altering, async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            proxy.release();
        });
    });
    let error = result.unwrap_err();
    let said = error.to_string();
    assert!(matches!(&error, CreateError::Locked { .. }), "{said}");
    assert!(said.contains("public.people by process") && said.contains("(a migration)"), "{said}");
    assert!(said.contains("which waits for process"), "{said}");
    assert_eq!(place.files(), Vec::<String>::new());
}

/// Something takes a part away before the backup is complete.
#[tokio::test]
async fn a_part_is_removed() {
    let place = Place::new().await;
    let options = CreateOptions { engine: EngineChoice::Parallel, ..place.options() };
    let remove = |_| {
        for directory in place.store().read_dir_utf8().into_iter().flatten().flatten() {
            let _ = std::fs::remove_file(directory.path().join("pre-data.dump.zst"));
        }
    };
    let error = create(&options, remove).await.unwrap_err();
    assert!(matches!(&error, CreateError::Vanished { reason } if reason.contains("pre-data")), "{error}");
    assert_eq!(place.files(), Vec::<String>::new());
}
