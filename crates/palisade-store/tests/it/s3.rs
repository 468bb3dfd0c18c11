//! What only a bucket can get wrong.

mod denied;
mod faults;
mod leftovers;
mod settings;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use palisade_store::S3Settings;
use tokio::sync::Semaphore;

use crate::server::{BUCKET, Fault, Rule, Server, open};
use crate::{drain, hash, key, keys, put, random, suite};

macro_rules! suite {
    ($($case:ident),*) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $case() {
            suite::$case(&Server::start().await.store()).await;
        })*
    };
}

suite!(round_trips, small_objects, nothing_is_replaced, one_of_many_wins, lists, lists_many, unfinished_is_invisible);

/// As much as four parts on their way and one that is collected, and no more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_is_bounded() {
    let server = Server::start().await;
    let gate = Arc::new(Semaphore::new(0));
    server.fail(Rule { words: &["PUT", "partNumber="], times: usize::MAX, fault: Fault::Hold(Arc::clone(&gate)) });
    let settings = S3Settings { concurrency: 2, ..server.settings() };
    let store = open(&format!("s3://{BUCKET}"), &settings).unwrap();
    let mut writer = store.writer(&key("x")).await.unwrap();
    let piece = random(1 << 20);
    let mut taken = 0;
    let mut is_held = false;
    while !is_held && taken < 100 {
        match tokio::time::timeout(Duration::from_secs(2), writer.write(piece.clone())).await {
            Ok(result) => result.unwrap(),
            Err(_) => is_held = true,
        }
        taken += 1;
    }
    // In MiB; the last one was not taken.
    assert_eq!(taken - 1, 3 * 16);
    assert_eq!(server.state.most_uploading.load(Ordering::SeqCst), 2);
    gate.add_permits(1000);
    drop(writer);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parts_go_side_by_side() {
    let server = Server::start().await;
    let store = server.store();
    let bytes = random(100 << 20);
    assert_eq!(put(&store, "x", &bytes, 3 << 20).await.unwrap(), 100 << 20);
    let most = server.state.most_uploading.load(Ordering::SeqCst);
    assert!((2..=4).contains(&most), "{most}");
    let (size, hashed) = drain(store.read(&key("x")).await.unwrap()).await.unwrap();
    assert_eq!((size, hashed), (100 << 20, hash(&bytes)));
    assert_eq!(server.count(&["POST", "uploadId="]), 1);
    assert_eq!(server.parts(), 0);
}

/// Whose prefix is `a` does not see what is below `ab`.
#[tokio::test]
async fn prefixes_are_apart() {
    let server = Server::start().await;
    let of = |prefix: &str| open(&format!("s3://{BUCKET}{prefix}"), &server.settings()).unwrap();
    put(&of("/a"), "x", &random(3), 3).await.unwrap();
    put(&of("/ab"), "y", &random(3), 3).await.unwrap();
    put(&of("/a/b"), "z", &random(3), 3).await.unwrap();
    assert_eq!(keys(&of("/a")).await, ["b/z", "x"]);
    assert_eq!(keys(&of("/ab")).await, ["y"]);
    assert_eq!(keys(&of("")).await, ["a/b/z", "a/x", "ab/y"]);
    assert_eq!(of("").directories(None).await.unwrap(), ["a", "ab"]);
}
