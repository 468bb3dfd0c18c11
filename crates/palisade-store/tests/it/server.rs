//! A real S3 server in this process, and everything that can happen on the way to it.
//!
//! The server is `s3s` on a directory. `layer.rs` adds what `s3s-fs` lacks; `fault.rs` breaks connections.
//!
//! The tests of `palisade-backup` have this file as a module of theirs, so it names its own modules by their paths.

#![allow(dead_code, reason = "each of the crates that it tests needs another part of it")]

#[path = "server/fault.rs"]
mod fault;
#[path = "server/layer.rs"]
mod layer;

pub(crate) use fault::{Fault, Rule};

use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use camino::Utf8PathBuf;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use palisade_store::{Credentials, Location, S3Settings, Store, StoreError};
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::server::layer::Layer;

pub(crate) const KEY: &str = "TESTKEY";
pub(crate) const SECRET: &str = "hunter2-of-the-bucket";
pub(crate) const BUCKET: &str = "backups";

/// A server with one bucket.
pub(crate) struct Server {
    pub(crate) address: String,
    pub(crate) state: Arc<State>,
    pub(crate) layer: Layer,
    directory: TempDir,
}

/// What it is to do wrong, and what it saw.
pub(crate) struct State {
    service: S3Service,
    rules: Mutex<Vec<Rule>>,
    /// Method, path and query of every request.
    pub(crate) requests: Mutex<Vec<String>>,
    uploading: AtomicUsize,
    /// The most parts that were on their way at the same time.
    pub(crate) most_uploading: AtomicUsize,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let directory = TempDir::new().unwrap();
        std::fs::create_dir(directory.path().join(BUCKET)).unwrap();
        let layer = Layer::new(directory.path());
        let mut builder = S3ServiceBuilder::new(layer.clone());
        builder.set_auth(SimpleAuth::from_single(KEY, SECRET));
        let state = Arc::new(State {
            service: builder.build(),
            rules: Mutex::default(),
            requests: Mutex::default(),
            uploading: AtomicUsize::new(0),
            most_uploading: AtomicUsize::new(0),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(accept(listener, Arc::clone(&state)));
        Self { address, state, layer, directory }
    }

    /// Does something wrong, as often as the rule says.
    pub(crate) fn fail(&self, rule: Rule) {
        self.state.rules.lock().unwrap().push(rule);
    }

    /// Does everything right from now on.
    pub(crate) fn forgive(&self) {
        self.state.rules.lock().unwrap().clear();
    }

    /// How often requests were made that contain all `words`.
    pub(crate) fn count(&self, words: &[&str]) -> usize {
        let requests = self.state.requests.lock().unwrap();
        requests.iter().filter(|it| words.iter().all(|word| it.contains(word))).count()
    }

    pub(crate) fn settings(&self) -> S3Settings {
        S3Settings {
            endpoint: Some(self.address.clone()),
            allow_http: true,
            credentials: Some(Credentials {
                access_key_id: KEY.to_owned(),
                secret_access_key: SECRET.into(),
                session_token: None,
            }),
            retries: 4,
            ..S3Settings::default()
        }
    }

    pub(crate) fn store(&self) -> Store {
        open(&format!("s3://{BUCKET}/some/prefix"), &self.settings()).unwrap()
    }

    /// The names of all objects, without asking the server.
    pub(crate) fn files(&self) -> Vec<String> {
        let mut files = Vec::new();
        let mut directories = vec![Utf8PathBuf::from_path_buf(self.directory.path().join(BUCKET)).unwrap()];
        while let Some(directory) = directories.pop() {
            for entry in directory.read_dir_utf8().unwrap() {
                let path = entry.unwrap().into_path();
                if path.is_dir() { directories.push(path) } else { files.push(path.into_string()) }
            }
        }
        files
    }

    /// How many parts are on their way, also from clients that are gone.
    pub(crate) fn uploading(&self) -> usize {
        self.state.uploading.load(Ordering::SeqCst)
    }

    /// Everything that the server keeps outside of the bucket: parts of uploads.
    pub(crate) fn parts(&self) -> usize {
        let entries = Utf8PathBuf::from_path_buf(self.directory.path().to_owned()).unwrap().read_dir_utf8().unwrap();
        entries.filter(|it| it.as_ref().unwrap().file_name().contains(".part-")).count()
    }
}

/// Without any variables.
pub(crate) fn open(location: &str, settings: &S3Settings) -> Result<Store, StoreError> {
    Store::open(&location.parse::<Location>().unwrap(), settings, |_| None)
}

async fn accept(listener: TcpListener, state: Arc<State>) -> Infallible {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let state = Arc::clone(&state);
        tokio::spawn(async move {
            let service = service_fn(move |request| fault::answer(Arc::clone(&state), request));
            // Broken connections are what this is for.
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

/// Counts what is on its way as long as it lives.
struct Uploading(Arc<State>);

impl Uploading {
    fn begin(state: Arc<State>) -> Self {
        let now = state.uploading.fetch_add(1, Ordering::SeqCst) + 1;
        state.most_uploading.fetch_max(now, Ordering::SeqCst);
        Self(state)
    }
}

impl Drop for Uploading {
    fn drop(&mut self) {
        self.0.uploading.fetch_sub(1, Ordering::SeqCst);
    }
}
