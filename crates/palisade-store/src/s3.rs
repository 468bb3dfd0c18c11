//! A store in a bucket.
//!
//! Large objects are uploaded in parts, and are there once the server has put them together; small ones in one request.
//! Both say that the object must not be there yet (`If-None-Match: *`): a server that does not know this refuses, and
//! cannot be used.
//!
//! A request whose answer was lost may have been carried out. So every object carries a mark of its upload: whoever is
//! told that the object exists can see whether it is his own.

mod buffers;
mod connector;
mod credentials;
mod endpoint;
mod failure;
mod list;
mod mark;
mod open;
mod profile;
mod read;
mod uploads;
mod write;

pub(crate) use read::Reader;
pub(crate) use write::Writer;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use object_store::aws::{AmazonS3, AwsCredential};
use object_store::client::HttpClient;
use object_store::path::Path;
use tokio::sync::Semaphore;

use crate::s3::buffers::Buffers;
use crate::s3::endpoint::Endpoint;
use crate::{Key, S3Location, StoreError};

/// A bucket, and how to reach it.
#[derive(Clone)]
pub(crate) struct Bucket {
    inner: Arc<Inner>,
}

struct Inner {
    location: S3Location,
    endpoint: Endpoint,
    /// For everything but what has to wait for large uploads.
    calls: AmazonS3,
    /// Waits longer for answers.
    uploads: AmazonS3,
    /// For what the library cannot ask.
    http: HttpClient,
    concurrency: usize,
    /// For that many parts of all objects together.
    room: Arc<Semaphore>,
    /// Of the size of a part.
    buffers: Arc<Buffers>,
    retries: usize,
    /// Where credentials were looked for and found: a sentence for people.
    tried: String,
    /// Whether the bucket has answered before. Until then, "not found" may mean the bucket.
    is_there: AtomicBool,
}

impl Bucket {
    /// The place of an object in the bucket.
    fn path(&self, key: &Key) -> Path {
        self.path_of(Some(key))
    }

    /// The place of what is below a key, or of all there is.
    fn path_of(&self, key: Option<&Key>) -> Path {
        let parts = [self.inner.location.prefix.as_ref(), key];
        parts.into_iter().flatten().flat_map(|it| it.as_str().split('/')).collect()
    }

    /// The key of an object at a place in the bucket. `None` if it is not ours.
    fn key(&self, path: &Path) -> Option<Key> {
        let below = match &self.inner.location.prefix {
            None => path.as_ref(),
            Some(prefix) => path.as_ref().strip_prefix(prefix.as_str())?.strip_prefix('/')?,
        };
        Key::new(below).ok()
    }

    fn name(&self) -> String {
        format!("`{}`", self.inner.location)
    }

    fn not_found(&self, key: &Key) -> StoreError {
        StoreError::NotFound { key: key.to_string(), store: self.name() }
    }

    fn exists(&self, key: &Key) -> StoreError {
        StoreError::Exists { key: key.to_string(), store: self.name() }
    }

    /// The credentials, which may have to be fetched. Asked for before every request, so that their failures are not
    /// taken for those of the bucket.
    async fn credentials(&self, action: &'static str) -> Result<Arc<AwsCredential>, StoreError> {
        self.inner.calls.credentials().get_credential().await.map_err(|error| StoreError::Denied {
            action,
            store: self.name(),
            reason: format!("no credentials could be had ({})", failure::reason(&error)),
            tried: self.inner.tried.clone(),
        })
    }

    fn is_there(&self) -> bool {
        self.inner.is_there.load(Ordering::Relaxed)
    }

    fn was_seen(&self) {
        self.inner.is_there.store(true, Ordering::Relaxed);
    }
}

/// Only where it is: nothing below has to be trusted not to show what it knows.
impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Bucket").field(&self.inner.location.to_string()).finish()
    }
}

/// How long to wait before the `attempt`th repetition: twice as long each time, up to some seconds, and never as long
/// as all others do.
async fn pause(attempt: usize) {
    let longest = 200_u64 << attempt.min(6);
    tokio::time::sleep(Duration::from_millis(rand::random_range(longest / 2..=longest))).await;
}
