//! The connection to the database breaks.

use palisade_backup::{CreateError, CreateOptions, EngineChoice, Level, create, verify};
use palisade_db::ConnectSettings;
use palisade_tests::{Fault, Moment, Proxy};

use crate::support::{Place, open, run};

const ENGINES: [EngineChoice; 2] = [EngineChoice::Single, EngineChoice::Parallel];

/// A database whose rows take many messages, behind a network that fails when told to.
async fn behind_proxy() -> (Place, Proxy) {
    let place = Place::new().await;
    let more = "create table more as select it, repeat(md5(it::text), 9) as t from generate_series(1, 5000) it";
    run(&mut place.connect().await, more).await;
    let proxy = Proxy::new(place.database.tcp_url()).await;
    (place, proxy)
}

fn options(place: &Place, proxy: &Proxy, engine: EngineChoice) -> CreateOptions {
    let options = place.options();
    let connect = ConnectSettings { url: proxy.url().clone(), ..options.connect };
    CreateOptions { engine, connect, ..options }
}

/// One connection reads the rows, by `pg_dump` or by ourselves, and breaks when it asks for those of a table, or where the answer is.
#[tokio::test]
async fn while_rows_are_read() {
    let (place, proxy) = behind_proxy().await;
    for engine in ENGINES {
        for fault in [Fault::CutBefore, Fault::CutBehind, Fault::LoseAnswer] {
            // Both write it with and without quotes.
            let table = if engine == EngineChoice::Single { "copy public.more" } else { "copy \"public\".\"more\"" };
            proxy.when_sends(table, fault);
            let error = create(&options(&place, &proxy, engine), |_| ()).await.unwrap_err();
            assert!(!proxy.disarm(), "nobody sent `{table}`");
            assert_lost(&error);
            assert_eq!(place.files(), Vec::<String>::new());
        }
    }
}

/// Nothing is cut: a reader waits for an answer that does not come, and nobody waits for the backup any more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_end_when_nobody_waits_for_them() {
    let (place, proxy) = behind_proxy().await;
    proxy.when_sends("copy \"public\".\"more\"", Fault::Hold);
    let options = options(&place, &proxy, EngineChoice::Parallel);
    let written = tokio::select! {
        result = create(&options, |_| ()) => panic!("{result:?}"),
        written = async { proxy.held().await; place.files() } => written,
    };
    assert!(!written.is_empty());
    // Only once no reader can add to it any more, what was written is removed.
    while !place.files().is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

fn assert_lost(error: &CreateError) {
    let is_known = match error {
        CreateError::Database(it) | CreateError::Rows { source: it, .. } | CreateError::SnapshotLost { source: it } => {
            it.ends_connection()
        }
        CreateError::Dump { said, .. } => said.to_string().contains("connection"),
        CreateError::Connect(_) => true,
        _ => false,
    };
    assert!(is_known && !error.help().is_empty(), "{error:?}");
}

/// Wherever it breaks: there is no backup, or one that is right.
#[tokio::test]
async fn anywhere() {
    let (place, proxy) = behind_proxy().await;
    let store = open(place.store());
    for engine in ENGINES {
        let before = proxy.passed().bytes;
        let options = options(&place, &proxy, engine);
        let whole = create(&options, |_| ()).await.unwrap();
        palisade_backup::delete(&store, &whole.name).await.unwrap();
        let bytes = proxy.passed().bytes - before;
        let mut failed = 0;
        for moment in 0..16 {
            proxy.arm(Moment::Byte(bytes * moment / 16 + 1), Fault::CutWithin);
            match create(&options, |_| ()).await {
                Err(error) => {
                    assert_lost(&error);
                    assert_eq!(place.files(), Vec::<String>::new(), "{engine:?}, {moment}: {error}");
                    failed += 1;
                }
                // Nobody needs to hear that what has read everything is at its end, and roles are left out with a warning.
                Ok(manifest) => {
                    let verdict = verify(&store, &manifest, None, &Level::Contents, |_| ()).await.unwrap();
                    assert_eq!(verdict.problems, Vec::<String>::new());
                    assert_eq!(manifest.tables, whole.tables);
                    let has_roles = manifest.parts.iter().any(|it| it.file.starts_with("roles"));
                    assert!(
                        has_roles || manifest.warnings.iter().any(|it| it.contains("roles")),
                        "{:?}",
                        manifest.warnings
                    );
                    palisade_backup::delete(&store, &manifest.name).await.unwrap();
                }
            }
            proxy.disarm();
        }
        assert!(failed > 10, "{engine:?}: only {failed} failed");
    }
}
