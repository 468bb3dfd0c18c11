//! Whatever happens on the way: an object as it was written, or an error.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use palisade_store::{Store, StoreError};
use tokio::sync::Semaphore;

use crate::server::{Fault, Rule, Server};
use crate::{drain, hash, key, keys, put, random};

/// Three parts.
const LARGE: usize = 34 << 20;

const PART: &[&str] = &["PUT", "partNumber="];
const SMALL: &[&str] = &["PUT /backups/some/prefix/small"];
const COMPLETE: &[&str] = &["POST", "uploadId="];
const GET: &[&str] = &["GET /backups/some/prefix/"];

async fn with(words: &'static [&'static str], times: usize, fault: Fault) -> (Server, Store) {
    let server = Server::start().await;
    server.fail(Rule { words, times, fault });
    let store = server.store();
    (server, store)
}

async fn writes_large(store: &Store) {
    let bytes = random(LARGE);
    assert_eq!(put(store, "large", &bytes, 1 << 20).await.unwrap(), LARGE as u64);
    assert_eq!(drain(store.read(&key("large")).await.unwrap()).await.unwrap(), (LARGE as u64, hash(&bytes)));
}

async fn writes_small(store: &Store) {
    let bytes = random(100_000);
    store.create(&key("small"), bytes.clone()).await.unwrap();
    assert_eq!(store.read_all(&key("small"), 1 << 20).await.unwrap(), bytes);
}

/// A failure is one that has a name, and leaves nothing.
async fn fails(store: &Store, size: usize, name: &str) -> StoreError {
    let error = put(store, name, &random(size), 1 << 20).await.unwrap_err();
    assert_eq!(keys(store).await, Vec::<String>::new());
    error
}

macro_rules! survives {
    ($($name:ident: $words:expr, $times:expr, $fault:expr => $writes:ident;)*) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            let (_server, store) = with($words, $times, $fault).await;
            $writes(&store).await;
        })*
    };
}

survives! {
    busy_for_parts: PART, 3, Fault::Status(503) => writes_large;
    too_many_requests_for_parts: PART, 3, Fault::Status(429) => writes_large;
    part_broken_on_its_way: PART, 3, Fault::BreakRequest(1_000_000) => writes_large;
    part_shortened_on_its_way: PART, 2, Fault::ShortenRequest(6_000_000) => writes_large;
    answer_to_part_lost: PART, 3, Fault::LoseAnswer => writes_large;
    busy_for_completion: COMPLETE, 2, Fault::Status(500) => writes_large;
    completion_broken_on_its_way: COMPLETE, 1, Fault::BreakRequest(10) => writes_large;
    answer_to_completion_lost: COMPLETE, 1, Fault::LoseAnswer => writes_large;
    answer_to_completion_cut: COMPLETE, 1, Fault::BreakAnswer(20) => writes_large;
    busy_for_the_beginning: &["POST", "uploads"], 2, Fault::Status(503) => writes_large;
    busy_for_small: SMALL, 2, Fault::Status(503) => writes_small;
    small_broken_on_its_way: SMALL, 2, Fault::BreakRequest(1_000) => writes_small;
    small_shortened_on_its_way: SMALL, 2, Fault::ShortenRequest(1_000) => writes_small;
    answer_to_small_lost: SMALL, 1, Fault::LoseAnswer => writes_small;
    busy_for_reading: GET, 2, Fault::Status(503) => writes_large;
    reading_breaks: GET, 3, Fault::BreakAnswer(7_000_001) => writes_large;
    reading_breaks_before_it_begins: GET, 3, Fault::BreakAnswer(0) => writes_large;
    small_reading_breaks: GET, 2, Fault::BreakAnswer(1_000) => writes_small;
    busy_for_listing: &["GET", "list-type"], 2, Fault::Status(503) => lists;
    listing_broken: &["GET", "list-type"], 2, Fault::LoseAnswer => lists;
}

async fn lists(store: &Store) {
    assert_eq!(keys(store).await, Vec::<String>::new());
}

/// More breaks than retries are allowed: each of them brought something.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reading_goes_on_as_long_as_something_comes() {
    let (server, store) = with(GET, 12, Fault::BreakAnswer(2_500_000)).await;
    writes_large(&store).await;
    assert!(server.count(GET) >= 13, "{}", server.count(GET));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_answers_are_waited_for() {
    let server = Server::start().await;
    let settings = palisade_store::S3Settings { timeout: Duration::from_millis(500), ..server.settings() };
    let store = crate::server::open("s3://backups/some/prefix", &settings).unwrap();
    server.fail(Rule { words: GET, times: 1, fault: Fault::Slow(10_000, Duration::from_millis(100)) });
    // A second in all, which is longer than any silence may be.
    writes_small(&store).await;
    assert_eq!(server.count(GET), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_stays_busy_is_an_error() {
    for (words, size, name) in [(PART, LARGE, "large"), (COMPLETE, LARGE, "large"), (SMALL, 1_000, "small")] {
        let (_server, store) = with(words, usize::MAX, Fault::Status(503)).await;
        let error = fails(&store, size, name).await;
        let is_named = matches!(&error, StoreError::Refused { reason, .. } if reason.contains("503"));
        assert!(is_named && !error.to_string().contains('?'), "{error:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_never_arrives_whole_is_an_error() {
    for (words, size, name) in [(PART, LARGE, "large"), (SMALL, 100_000, "small")] {
        let (_server, store) = with(words, usize::MAX, Fault::ShortenRequest(50_000)).await;
        fails(&store, size, name).await;
        let (_server, store) = with(words, usize::MAX, Fault::BreakRequest(50_000)).await;
        let error = fails(&store, size, name).await;
        assert!(matches!(error, StoreError::Unreachable { .. }), "{error:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reading_that_never_gets_on_is_an_error() {
    let server = Server::start().await;
    let store = server.store();
    put(&store, "x", &random(1 << 20), 1 << 20).await.unwrap();
    server.fail(Rule { words: GET, times: 1, fault: Fault::BreakAnswer(1_000) });
    server.fail(Rule { words: GET, times: usize::MAX, fault: Fault::BreakAnswer(0) });
    let mut reader = store.read(&key("x")).await.unwrap();
    let error = loop {
        match reader.next().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("it ended as if it were whole"),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, StoreError::Unreachable { .. } | StoreError::Incomplete { .. }), "{error:?}");
}

/// Somebody replaced it, which nothing of ours does: halves of two objects are never put together.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_object_that_changes_while_it_is_read_is_an_error() {
    let server = Server::start().await;
    let store = server.store();
    put(&store, "x", &random(8 << 20), 1 << 20).await.unwrap();
    server.fail(Rule { words: GET, times: 1, fault: Fault::BreakAnswer(1_000_000) });
    let mut reader = store.read(&key("x")).await.unwrap();
    store.delete(&[key("x")]).await.unwrap();
    store.create(&key("x"), random(8 << 20)).await.unwrap();
    let error = loop {
        match reader.next().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("it ended as if it were whole"),
            Err(error) => break error,
        }
    };
    assert!(!error.help().is_empty(), "{error:?}");
}

/// The first attempt was carried out, and another one's object was not taken for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_is_not_taken_for_somebody_elses_object() {
    let (server, store) = with(SMALL, 1, Fault::LoseAnswer).await;
    store.create(&key("small"), Bytes::from_static(b"ours")).await.unwrap();
    server.fail(Rule { words: SMALL, times: 1, fault: Fault::LoseAnswer });
    let error = store.create(&key("small"), Bytes::from_static(b"more")).await.unwrap_err();
    assert!(matches!(error, StoreError::Exists { .. }), "{error:?}");
    assert_eq!(store.read_all(&key("small"), 10).await.unwrap(), "ours");
}

/// Whoever goes on after an error does not get an object without what was lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_lost_a_part_is_not_finished() {
    let (_server, store) = with(&["PUT", "partNumber=1"], usize::MAX, Fault::Status(400)).await;
    let mut writer = store.writer(&key("large")).await.unwrap();
    let (mut errors, piece) = (0, random(1 << 20));
    for _ in 0..150 {
        errors += usize::from(writer.write(piece.clone()).await.is_err());
    }
    assert!(errors > 0);
    writer.finish().await.unwrap_err();
    assert_eq!(keys(&store).await, Vec::<String>::new());
}

/// Nor whoever does not wait for the end of a call.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_not_waited_for_is_not_finished() {
    for words in [&["POST", "uploads"][..], PART] {
        let gate = Arc::new(Semaphore::new(0));
        let (_server, store) = with(words, usize::MAX, Fault::Hold(Arc::clone(&gate))).await;
        let mut writer = store.writer(&key("large")).await.unwrap();
        let piece = random(1 << 20);
        let wait = Duration::from_secs(1);
        while let Ok(written) = tokio::time::timeout(wait, writer.write(piece.clone())).await {
            written.unwrap();
        }
        gate.add_permits(1_000);
        writer.finish().await.unwrap_err();
        assert_eq!(keys(&store).await, Vec::<String>::new());
    }
}
