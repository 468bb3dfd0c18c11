//! What goes wrong on the way to the bucket and back.

use std::sync::Arc;
use std::time::Instant;

use palisade_backup::{
    CreateError, EngineChoice, FetchError, Level, Manifest, State, VerifyError, create, delete, list, verify,
};
use palisade_store::{S3Settings, Store};
use tokio::runtime::Runtime;

use crate::s3::{ENGINES, assert_nothing, much, options, problems};
use crate::server::{BUCKET, Fault, Rule, Server, open};
use crate::support::Place;

const ALL: &[&str] = &[];
const PART: &[&str] = &["PUT", "partNumber="];
const COMPLETE: &[&str] = &["POST", "uploadId="];
const MANIFEST: &[&str] = &["PUT", "manifest.json"];
const GET: &[&str] = &["GET /backups/some/prefix/"];

/// What passes is survived: the backup is a good one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faults_that_pass() {
    let (place, server) = (much().await, Server::start().await);
    let store = server.store();
    let faults = [
        ("the first requests", ALL, 3, Fault::Status(503)),
        ("parts that break", PART, 3, Fault::BreakRequest(1_000_000)),
        ("parts that are cut", PART, 2, Fault::ShortenRequest(6_000_000)),
        ("a completion without an answer", COMPLETE, 1, Fault::LoseAnswer),
        ("a manifest that breaks", MANIFEST, 1, Fault::BreakRequest(10)),
        ("a manifest without an answer", MANIFEST, 1, Fault::LoseAnswer),
    ];
    for (number, (what, words, times, fault)) in faults.into_iter().enumerate() {
        let (engine, _) = ENGINES[number % 2];
        server.fail(Rule { words, times, fault });
        let manifest =
            create(&options(&place, &store, engine), |_| ()).await.unwrap_or_else(|it| panic!("{what}: {it}"));
        assert!(server.count(PART) > 1, "nothing was uploaded in parts");
        assert_good(&store, &manifest, what).await;
        delete(&store, &manifest.name).await.unwrap();
        assert_nothing(&store, what).await;
    }
}

async fn assert_good(store: &Store, manifest: &Manifest, what: &str) {
    let entries = list(store).await.unwrap();
    assert_eq!(entries.len(), 1, "{what}");
    assert_eq!(entries[0].manifest(), Some(manifest), "{what}: {:?}", entries[0].state);
    assert_eq!(problems(store, manifest, None).await, Vec::<String>::new(), "{what}");
}

/// What stays is an error, and no backup.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faults_that_stay() {
    let place = much().await;
    let faults = [
        ("parts that are refused", PART, Fault::Status(503)),
        ("parts that break", PART, Fault::BreakRequest(1_000_000)),
        ("parts that are cut", PART, Fault::ShortenRequest(6_000_000)),
        ("completions that are refused", COMPLETE, Fault::Status(500)),
        ("manifests that are refused", MANIFEST, Fault::Status(503)),
    ];
    for (engine, name) in ENGINES {
        for (what, words, fault) in faults.clone() {
            let server = Server::start().await;
            server.fail(Rule { words, times: usize::MAX, fault });
            let settings = S3Settings { retries: 1, ..server.settings() };
            let store = open(&format!("s3://{BUCKET}/some/prefix"), &settings).unwrap();
            let error = create(&options(&place, &store, engine), |_| ()).await.unwrap_err();
            assert!(matches!(error, CreateError::Store(_)), "{name}, {what}: {error:?}");
            assert_nothing(&store, what).await;
        }
    }
}

/// A download that cannot be finished is no damage of the backup, whatever is lost of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn downloads_that_break() {
    let (place, server) = (much().await, Server::start().await);
    let settings = S3Settings { retries: 2, ..server.settings() };
    let store = open(&format!("s3://{BUCKET}/some/prefix"), &settings).unwrap();
    for (engine, name) in ENGINES {
        let manifest = create(&options(&place, &store, engine), |_| ()).await.unwrap();
        server.fail(Rule { words: GET, times: 2, fault: Fault::BreakAnswer(1_000_000) });
        assert_eq!(problems(&store, &manifest, None).await, Vec::<String>::new(), "{name}");
        server.fail(Rule { words: GET, times: usize::MAX, fault: Fault::BreakAnswer(0) });
        for level in [Level::Sums, Level::Contents] {
            let error = verify(&store, &manifest, None, &level, |_| ()).await.unwrap_err();
            assert!(matches!(error, VerifyError::Fetch(FetchError::Store(_))), "{name}: {error:?}");
        }
        server.forgive();
        delete(&store, &manifest.name).await.unwrap();
    }
}

/// A server that can be taken away, with all its connections.
async fn server_of_its_own() -> (Runtime, Arc<Server>) {
    let start = || {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let server = runtime.block_on(Server::start());
        (runtime, Arc::new(server))
    };
    tokio::task::spawn_blocking(start).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_goes_away() {
    let place = much().await;
    for (engine, name) in ENGINES {
        let (runtime, server) = server_of_its_own().await;
        let settings = S3Settings { retries: 2, ..server.settings() };
        let store = open(&format!("s3://{BUCKET}/some/prefix"), &settings).unwrap();
        let mut runtime = Some(runtime);
        let started = Instant::now();
        let options = options(&place, &store, engine);
        let result = create(&options, |it| {
            if it.bytes > 10 << 20
                && let Some(runtime) = runtime.take()
            {
                runtime.shutdown_background();
            }
        });
        let error = result.await.unwrap_err();
        assert!(matches!(error, CreateError::Store(_)), "{name}: {error:?}");
        assert!(started.elapsed().as_secs() < 30, "{name}: {:?}", started.elapsed());
        // What is in the bucket, seen when the server is back.
        let files: Vec<String> = server.files();
        assert!(!files.iter().any(|it| it.ends_with("manifest.json")), "{name}: {files:?}");
    }
}

/// As above, and the server is back before the backup is looked for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_begun_when_the_server_went_away_is_no_backup() {
    let (place, server) = (Place::new().await, Server::start().await);
    let store = server.store();
    // Neither the manifest nor the request that would remove the parts gets through.
    server.fail(Rule { words: MANIFEST, times: usize::MAX, fault: Fault::Status(503) });
    server.fail(Rule { words: &["DELETE"], times: usize::MAX, fault: Fault::Status(503) });
    server.fail(Rule { words: &["POST", "delete"], times: usize::MAX, fault: Fault::Status(503) });
    for engine in [EngineChoice::Single, EngineChoice::Parallel] {
        create(&options(&place, &store, engine), |_| ()).await.unwrap_err();
    }
    server.forgive();
    let entries = list(&store).await.unwrap();
    assert_eq!(entries.len(), 2);
    for entry in entries {
        assert_eq!(entry.state, State::Unfinished);
        delete(&store, &entry.name).await.unwrap();
    }
    assert_nothing(&store, "after it was deleted").await;
}
