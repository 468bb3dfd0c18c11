//! The directory that holds backups.
//!
//! ```text
//! prod-20260112T090000Z-k7m2xq.dump            complete, since it has this name
//! prod-20260112T090000Z-k7m2xq.json            its manifest, written last
//! prod-20260113T090000Z-p4f8zt.dump.partial    being written; locked as long as its writer lives
//! .lock                                        held while names are taken and left-overs removed
//! ```

mod list;
mod partial;

pub use list::{Entry, State, find, list};
pub(crate) use partial::Partial;

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};

use camino::{Utf8Path, Utf8PathBuf};

/// What could not be done in a store.
#[derive(Debug, thiserror::Error)]
#[error("{action} `{path}` failed")]
pub struct StoreError {
    /// As in `writing`.
    pub action: &'static str,
    /// The file or directory.
    pub path: Utf8PathBuf,
    /// What the operating system says.
    #[source]
    pub source: io::Error,
}

impl StoreError {
    pub(crate) fn new(action: &'static str, path: &Utf8Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self { action, path, source }
    }

    /// What to do next.
    pub fn help(&self) -> String {
        match self.source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                "free some space, or put backups elsewhere: `[backup] store = \"…\"` in `config/default.toml`"
                    .to_owned()
            }
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                format!("let this user write to `{}`, or set `[backup] store = \"…\"`", self.path)
            }
            _ => format!("look at `{}`; nothing was left there under a backup's name", self.path),
        }
    }
}

/// Makes the directory if it is missing. Nobody else may look into it, and git leaves it alone, for a dump holds
/// everything.
pub(crate) fn create_directory(store: &Utf8Path) -> Result<(), StoreError> {
    if store.is_dir() {
        return Ok(());
    }
    fs::DirBuilder::new().recursive(true).mode(0o700).create(store).map_err(StoreError::new("creating", store))?;
    let ignore = store.join(".gitignore");
    fs::write(&ignore, "*\n").map_err(StoreError::new("writing", &ignore))
}

/// Holds the lock of the store until the file is dropped.
fn lock(store: &Utf8Path) -> Result<File, StoreError> {
    let path = store.join(".lock");
    let lock = || {
        let file = fs::OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path)?;
        file.lock()?;
        Ok(file)
    };
    lock().map_err(StoreError::new("locking", &path))
}

/// Makes renames in the directory last through a power failure.
fn sync_directory(store: &Utf8Path) -> Result<(), StoreError> {
    File::open(store).and_then(|it| it.sync_all()).map_err(StoreError::new("syncing", store))
}

/// Begins `<name>.partial`, locked. Between its creation and its locking, a file looks like one that a dead run left:
/// the lock of the store keeps others from looking.
fn create_partial(store: &Utf8Path, name: &str) -> Result<(Utf8PathBuf, File), StoreError> {
    let path = store.join(format!("{name}.partial"));
    let _lock = lock(store)?;
    let create = || {
        let file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        file.lock()?;
        Ok(file)
    };
    let file = create().map_err(StoreError::new("creating", &path))?;
    Ok((path, file))
}

/// Writes a file so that it is there as a whole or not at all, even after a power failure.
pub(crate) fn write_atomically(store: &Utf8Path, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
    use io::Write as _;
    let path = store.join(name);
    let (partial, mut file) = create_partial(store, name)?;
    let mut write = || {
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&partial, &path)
    };
    write().map_err(|error| {
        // Best effort: the next run removes it too.
        let _ = fs::remove_file(&partial);
        StoreError::new("writing", &path)(error)
    })?;
    sync_directory(store)
}
