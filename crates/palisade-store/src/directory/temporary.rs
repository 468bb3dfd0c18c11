//! A file that has no name of an object yet.

use std::fs::File;
use std::os::unix::fs::MetadataExt as _;

use camino::Utf8PathBuf;
use rustix::fs::{AtFlags, OFlags, RenameFlags};
use rustix::io::Errno;
use tracing::warn;

use crate::StoreError;
use crate::directory::failure::failed;
use crate::directory::folder::Folder;

/// Whether a name in a folder is one of these. Keys have no `~`.
pub(super) fn is_temporary(name: &str) -> bool {
    name.contains('~')
}

/// A file being written. It goes away when this is dropped; if the whole process goes away, a sweep removes it: the
/// lock on it ends with its writer.
#[derive(Debug)]
pub(super) struct Temporary {
    pub(super) file: File,
    folder: Folder,
    /// Its name, while it has one.
    name: Option<String>,
}

impl Temporary {
    /// Begins a file that will be `name`.
    pub(super) fn create(folder: Folder, name: &str) -> Result<Self, StoreError> {
        loop {
            let temporary = format!("{name}~{:016x}", rand::random::<u64>());
            let file = match folder.open(&temporary, OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL) {
                Ok(file) => file,
                Err(Errno::EXIST) => continue,
                Err(error) => return Err(failed("creating", &folder.path.join(name))(error)),
            };
            let locked = file.lock().and_then(|()| file.metadata());
            match locked {
                // Before it was locked, it looked like one that a dead writer left, and a sweep took it.
                Ok(found) if found.nlink() == 0 => {}
                Ok(_) => return Ok(Self { file, folder, name: Some(temporary) }),
                Err(error) => {
                    let _ = folder.unlink(&temporary);
                    return Err(failed("locking", &folder.path.join(temporary))(error));
                }
            }
        }
    }

    /// Where it is, for messages.
    pub(super) fn path(&self) -> Utf8PathBuf {
        self.folder.path.join(self.name.as_deref().unwrap_or_default())
    }

    /// Gives it its name, for good. `false` if something else has that name.
    pub(super) fn keep(mut self, name: &str) -> Result<bool, StoreError> {
        self.file.sync_all().map_err(failed("syncing", &self.path()))?;
        let Some(temporary) = self.name.clone() else { return Ok(false) };
        match self.rename(&temporary, name) {
            Ok(()) => {}
            Err(Errno::EXIST) => return Ok(false),
            Err(error) => return Err(failed("creating", &self.folder.path.join(name))(error)),
        }
        self.folder.sync()?;
        Ok(true)
    }

    /// A link never replaces a file, and neither does a rename that is told not to. Some systems of files know neither:
    /// there, writers take turns.
    fn rename(&mut self, from: &str, to: &str) -> Result<(), Errno> {
        let folder = &self.folder.file;
        match rustix::fs::linkat(folder, from, folder, to, AtFlags::empty()) {
            // The temporary name is taken away with this value.
            Ok(()) => return Ok(()),
            Err(Errno::PERM | Errno::OPNOTSUPP | Errno::NOSYS | Errno::MLINK | Errno::ACCESS) => {}
            Err(error) => return Err(error),
        }
        let renamed = match rustix::fs::renameat_with(folder, from, folder, to, RenameFlags::NOREPLACE) {
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
                let _turn = folder.lock();
                match rustix::fs::statat(folder, to, AtFlags::SYMLINK_NOFOLLOW) {
                    Ok(_) => Err(Errno::EXIST),
                    Err(Errno::NOENT) => rustix::fs::renameat(folder, from, folder, to),
                    Err(error) => Err(error),
                }
            }
            other => other,
        };
        if renamed.is_ok() {
            self.name = None;
        }
        let _ = folder.unlock();
        renamed
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if let Some(name) = self.name.take()
            && let Err(error) = self.folder.unlink(&name)
        {
            warn!(path = %self.folder.path.join(name), %error, "an unfinished file could not be removed");
        }
    }
}
