//! Uploads that nobody finishes.

use std::time::{Duration, SystemTime};

use crate::server::{BUCKET, Fault, Rule, Server, open};
use crate::{key, keys, random};

async fn until(what: &str, is: impl Fn() -> bool) {
    for _ in 0..500 {
        if is() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{what}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_writer_that_is_dropped_throws_its_upload_away() {
    let server = Server::start().await;
    let mut writer = server.store().writer(&key("x")).await.unwrap();
    writer.write(random(40 << 20)).await.unwrap();
    drop(writer);
    until("the upload is still there", || server.layer.uploads.lock().unwrap().is_empty()).await;
    until("parts are still there", || server.parts() == 0).await;
    assert_eq!(keys(&server.store()).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_that_fails_is_thrown_away() {
    let server = Server::start().await;
    server.fail(Rule { words: &["PUT", "partNumber=2"], times: usize::MAX, fault: Fault::Status(400) });
    crate::put(&server.store(), "x", &random(60 << 20), 1 << 20).await.unwrap_err();
    until("the upload is still there", || server.layer.uploads.lock().unwrap().is_empty()).await;
    until("parts are still there", || server.parts() == 0).await;
}

/// What processes left that are gone. The server lists two at a time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn old_uploads_are_swept_and_young_ones_are_not() {
    let server = Server::start().await;
    let store = server.store();
    let mut writers = Vec::new();
    for name in ["a", "b/c", "d", "e", "f"] {
        let mut writer = store.writer(&key(name)).await.unwrap();
        writer.write(random(17 << 20)).await.unwrap();
        writers.push(writer);
    }
    let mut elsewhere =
        open(&format!("s3://{BUCKET}/another"), &server.settings()).unwrap().writer(&key("a")).await.unwrap();
    elsewhere.write(random(17 << 20)).await.unwrap();
    let hours_ago = SystemTime::now() - Duration::from_hours(5);
    for upload in server.layer.uploads.lock().unwrap().iter_mut().filter(|it| !it.0.ends_with('e')) {
        upload.2 = hours_ago;
    }
    assert_eq!(store.sweep(Duration::from_hours(6)).await.unwrap(), []);
    let swept = store.sweep(Duration::from_hours(4)).await.unwrap();
    assert_eq!(swept.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["a", "b/c", "d", "f"]);
    let age = swept[0].since.elapsed().unwrap();
    assert!(age > Duration::from_hours(4) && age < Duration::from_hours(6), "{age:?}");
    let left: Vec<_> = server.layer.uploads.lock().unwrap().iter().map(|it| it.0.clone()).collect();
    assert_eq!(left, ["some/prefix/e", "another/a"]);
    // Whoever lost his upload is told so, and leaves no object.
    let lost = writers.remove(0);
    lost.finish().await.unwrap_err();
    assert_eq!(keys(&store).await, Vec::<String>::new());
    writers.remove(2).finish().await.unwrap();
    assert_eq!(keys(&store).await, ["e"]);
}
