//! A dump that is being written.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};

use camino::{Utf8Path, Utf8PathBuf};
use sha2::{Digest, Sha256};
use tracing::{info, warn};

use crate::store::{StoreError, create_directory, create_partial, lock, sync_directory};

/// A file under a name that no backup has. It goes away when this is dropped, unless it was [kept](Self::keep); if the
/// whole process goes away, the next run removes it: the lock on it ends with its writer.
#[derive(Debug)]
pub(crate) struct Partial {
    store: Utf8PathBuf,
    path: Utf8PathBuf,
    file: File,
    hash: Sha256,
    bytes: u64,
    kept: bool,
}

/// A file that was written to its end and has its final name.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) bytes: u64,
    pub(crate) sha256: String,
}

impl Partial {
    /// Begins `<name>.partial`, and removes what dead runs left in the store.
    pub(crate) fn create(store: &Utf8Path, name: &str) -> Result<Self, StoreError> {
        create_directory(store)?;
        remove_left_overs(store)?;
        let (path, file) = create_partial(store, name)?;
        Ok(Self { store: store.to_owned(), path, file, hash: Sha256::new(), bytes: 0, kept: false })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Utf8Path {
        &self.path
    }

    /// How much was written.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Adds to its end.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.file.write_all(bytes).map_err(StoreError::new("writing", &self.path))?;
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    /// Writes everything to the disk and gives the file its final name.
    pub(crate) fn keep(mut self, name: &str) -> Result<Kept, StoreError> {
        self.file.sync_all().map_err(StoreError::new("syncing", &self.path))?;
        let path = self.store.join(name);
        // Unlike a rename, a link never replaces a file.
        fs::hard_link(&self.path, &path)
            .or_else(|error| rename_where_links_are_unknown(error, &self.path, &path))
            .map_err(StoreError::new("creating", &path))?;
        let _ = fs::remove_file(&self.path);
        self.kept = true;
        sync_directory(&self.store)?;
        Ok(Kept { bytes: self.bytes, sha256: hex::encode(self.hash.finalize_reset()) })
    }
}

fn rename_where_links_are_unknown(error: io::Error, from: &Utf8Path, to: &Utf8Path) -> io::Result<()> {
    match error.kind() {
        io::ErrorKind::Unsupported | io::ErrorKind::PermissionDenied if !to.exists() => fs::rename(from, to),
        _ => Err(error),
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.kept
            && let Err(error) = fs::remove_file(&self.path)
        {
            warn!(path = %self.path, %error, "an unfinished backup could not be removed");
        }
    }
}

/// Removes unfinished files whose writers are dead. That one cannot be removed must not stop a backup.
fn remove_left_overs(store: &Utf8Path) -> Result<(), StoreError> {
    let _lock = lock(store)?;
    let entries = store.read_dir_utf8().into_iter().flatten().flatten();
    for entry in entries.filter(|it| it.file_name().ends_with(".partial")) {
        match is_dead(entry.path()) {
            Ok(true) => match fs::remove_file(entry.path()) {
                Ok(()) => info!(path = %entry.path(), "removed what an interrupted backup left"),
                Err(error) => warn!(path = %entry.path(), %error, "left by an interrupted backup, cannot be removed"),
            },
            Ok(false) => {}
            Err(error) => warn!(path = %entry.path(), %error, "cannot tell whether anybody writes this"),
        }
    }
    Ok(())
}

/// Whether nobody writes the file any more.
pub(crate) fn is_dead(path: &Utf8Path) -> io::Result<bool> {
    match File::open(path)?.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}
