//! A store in a directory.
//!
//! ```text
//! prod/base/20260112T090000Z            complete, since it has this name
//! prod/base/20260113T090000Z~4f1c9e02   being written; locked as long as its writer lives
//! ```
//!
//! No key has a `~` in it, so a temporary name can never be taken for an object. Everything happens relative to open
//! directories, and none is entered through a symlink: who may write into the store cannot lead us out of it.

mod failure;
mod folder;
mod list;
mod read;
mod remove;
mod sweep;
mod temporary;
mod write;

pub(crate) use read::Reader;
pub(crate) use write::Writer;

use std::time::SystemTime;

use camino::{Utf8Path, Utf8PathBuf};

use crate::{Key, ObjectMeta, StoreError};

/// Where it is. Nothing is opened or made before it is needed.
#[derive(Debug, Clone)]
pub(crate) struct Directory {
    root: Utf8PathBuf,
}

impl Directory {
    pub(crate) fn new(root: &Utf8Path) -> Self {
        Self { root: root.to_owned() }
    }

    fn path(&self, key: &Key) -> Utf8PathBuf {
        self.root.join(key.as_str())
    }

    fn not_found(&self, key: &Key) -> StoreError {
        StoreError::NotFound { key: key.to_string(), store: format!("`{}`", self.root) }
    }

    fn exists(&self, key: &Key) -> StoreError {
        StoreError::Exists { key: key.to_string(), store: format!("`{}`", self.root) }
    }

    pub(crate) async fn writer(&self, key: &Key) -> Result<Writer, StoreError> {
        let (this, key) = (self.clone(), key.clone());
        blocking("writing", move || this.begin(&key)).await
    }

    pub(crate) async fn read(&self, key: &Key) -> Result<Reader, StoreError> {
        let (this, key) = (self.clone(), key.clone());
        blocking("reading", move || this.open(&key)).await
    }

    pub(crate) async fn head(&self, key: &Key) -> Result<Option<ObjectMeta>, StoreError> {
        let (this, key) = (self.clone(), key.clone());
        blocking("reading", move || this.find(&key)).await
    }

    pub(crate) async fn list(&self, below: Option<&Key>) -> Result<Vec<ObjectMeta>, StoreError> {
        let (this, below) = (self.clone(), below.cloned());
        blocking("listing", move || this.objects(below.as_ref())).await
    }

    pub(crate) async fn directories(&self, below: Option<&Key>) -> Result<Vec<String>, StoreError> {
        let (this, below) = (self.clone(), below.cloned());
        blocking("listing", move || this.folders(below.as_ref())).await
    }

    pub(crate) async fn delete(&self, keys: &[Key]) -> Result<(), StoreError> {
        let (this, keys) = (self.clone(), keys.to_vec());
        blocking("removing", move || this.remove(&keys)).await
    }

    /// Removes what dead writers left, and says how much that was. Age does not matter: the lock says who is alive.
    pub(crate) async fn sweep(&self) -> Result<Vec<(Utf8PathBuf, SystemTime)>, StoreError> {
        let this = self.clone();
        blocking("sweeping", move || this.sweep_temporaries()).await
    }
}

/// Files are read and written where waiting for a disk holds nobody up.
async fn blocking<T: Send + 'static>(
    action: &'static str,
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(StoreError::Interrupted { action }))
}
