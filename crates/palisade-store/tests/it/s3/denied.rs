//! Nothing shows a secret, and every refusal has a name.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use palisade_store::{Credentials, S3Settings, Store, StoreError};

use crate::key;
use crate::server::{BUCKET, Fault, KEY, Rule, SECRET, Server, open};

const WRONG: &str = "wrong-hunter3";
const TOKEN: &str = "token-hunter4";

/// Every text that somebody may see.
fn shown(error: &StoreError) -> String {
    let mut text = format!("{error}\n{error:?}\n{error:#?}\n{}", error.help());
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        text = format!("{text}\n{error}\n{error:?}");
        source = error.source();
    }
    text
}

/// What every operation says.
async fn errors(store: &Store) -> Vec<StoreError> {
    let name = key("a/b");
    vec![
        store.writer(&name).await.map(drop).unwrap_err(),
        store.create(&name, Bytes::from_static(b"x")).await.unwrap_err(),
        store.read(&name).await.map(drop).unwrap_err(),
        store.head(&name).await.unwrap_err(),
        store.list(None).await.unwrap_err(),
        store.directories(None).await.unwrap_err(),
        store.delete(&[name]).await.unwrap_err(),
        store.sweep(Duration::ZERO).await.unwrap_err(),
    ]
}

#[tokio::test]
async fn a_wrong_secret_is_denied_and_not_shown() {
    let server = Server::start().await;
    for session_token in [None, Some(TOKEN.into())] {
        let credentials = Credentials { access_key_id: KEY.to_owned(), secret_access_key: WRONG.into(), session_token };
        let settings = S3Settings { credentials: Some(credentials), ..server.settings() };
        let store = open(&format!("s3://{BUCKET}"), &settings).unwrap();
        for error in errors(&store).await {
            let text = shown(&error);
            assert!(matches!(error, StoreError::Denied { .. }), "{text}");
            assert!(text.contains("key `TESTKEY`"), "{text}");
            assert!(![WRONG, TOKEN, "X-Amz", "?"].iter().any(|it| text.contains(it)), "{text}");
        }
        let debug = format!("{store:?} {store:#?} {settings:?} {settings:#?}");
        assert!(![WRONG, TOKEN].iter().any(|it| debug.contains(it)), "{debug}");
    }
}

/// Keeps what is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// At the most talkative level, of everything that runs in this thread.
#[tokio::test]
async fn logs_show_no_secret() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone());
    let _guard = tracing::subscriber::set_default(subscriber.finish());
    let server = Server::start().await;
    server.fail(Rule { words: &["list-type"], times: 1, fault: Fault::Status(503) });
    let store = server.store();
    store.list(None).await.unwrap();
    store.create(&key("a"), Bytes::from_static(b"x")).await.unwrap();
    let credentials = Credentials {
        access_key_id: KEY.to_owned(),
        secret_access_key: WRONG.into(),
        session_token: Some(TOKEN.into()),
    };
    let settings = S3Settings { credentials: Some(credentials), ..server.settings() };
    errors(&open(&format!("s3://{BUCKET}"), &settings).unwrap()).await;
    let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(logged.contains("backing off"), "nothing was logged");
    // The server is in the same thread, and talks about what it was sent.
    let of_ours = logged.lines().filter(|it| !it.contains("s3s"));
    let shows = |line: &&str| [SECRET, WRONG, TOKEN].iter().any(|it| line.contains(it));
    assert_eq!(of_ours.filter(shows).collect::<Vec<_>>(), Vec::<&str>::new());
}

#[tokio::test]
async fn what_is_open_shows_no_secret() {
    let server = Server::start().await;
    let store = server.store();
    let mut writer = store.writer(&key("large")).await.unwrap();
    writer.write(crate::random(20 << 20)).await.unwrap();
    store.create(&key("small"), Bytes::from_static(b"x")).await.unwrap();
    let reader = store.read(&key("small")).await.unwrap();
    let debug = format!("{store:?} {writer:?} {reader:?}");
    // Nor what is written.
    assert!(debug.len() < 10_000 && !debug.contains(SECRET), "{}", &debug[..10_000.min(debug.len())]);
}

#[tokio::test]
async fn a_missing_bucket_is_named() {
    let server = Server::start().await;
    let store = open("s3://no-such-bucket/x", &server.settings()).unwrap();
    for (operation, error) in errors_of_reading(&store).await {
        let is_named = matches!(&error, StoreError::NoBucket { bucket, .. } if bucket == "no-such-bucket");
        assert!(is_named, "{operation}: {error:?}");
    }
}

/// Removing what is not there is no error, also where the bucket is not there.
async fn errors_of_reading(store: &Store) -> Vec<(&'static str, StoreError)> {
    let name = key("a/b");
    vec![
        ("writer", store.writer(&name).await.map(drop).unwrap_err()),
        ("create", store.create(&name, Bytes::from_static(b"x")).await.unwrap_err()),
        ("read", store.read(&name).await.map(drop).unwrap_err()),
        ("head", store.head(&name).await.unwrap_err()),
        ("list", store.list(None).await.unwrap_err()),
        ("directories", store.directories(None).await.unwrap_err()),
        ("sweep", store.sweep(Duration::ZERO).await.unwrap_err()),
    ]
}

#[tokio::test]
async fn a_server_that_is_not_there_is_given_up_soon() {
    let server = Server::start().await;
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", closed.local_addr().unwrap());
    drop(closed);
    let settings = S3Settings { endpoint: Some(endpoint.clone()), retries: 2, ..server.settings() };
    let store = open(&format!("s3://{BUCKET}"), &settings).unwrap();
    let begin = Instant::now();
    for error in errors(&store).await {
        assert!(matches!(&error, StoreError::Unreachable { endpoint: it, .. } if *it == endpoint), "{error:?}");
        assert!(error.to_string().contains("refused"), "{error}");
    }
    assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
}

#[tokio::test]
async fn a_server_that_is_silent_is_given_up_soon() {
    let server = Server::start().await;
    let gate = std::sync::Arc::new(tokio::sync::Semaphore::new(0));
    server.fail(Rule { words: &[], times: usize::MAX, fault: Fault::Hold(gate) });
    let settings = S3Settings { timeout: Duration::from_millis(300), retries: 2, ..server.settings() };
    let store = open(&format!("s3://{BUCKET}"), &settings).unwrap();
    let begin = Instant::now();
    let error = store.read(&key("x")).await.map(drop).unwrap_err();
    assert!(matches!(error, StoreError::Unreachable { .. }), "{error:?}");
    let error = store.sweep(Duration::ZERO).await.unwrap_err();
    assert!(matches!(error, StoreError::Unreachable { .. }), "{error:?}");
    assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
}
