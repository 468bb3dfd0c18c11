//! What dead writers left.

use std::fs::TryLockError;
use std::time::SystemTime;

use camino::Utf8PathBuf;
use rustix::fs::OFlags;
use tracing::{info, warn};

use crate::StoreError;
use crate::directory::Directory;
use crate::directory::folder::{Folder, is_file, is_folder};
use crate::directory::list::modified;
use crate::directory::temporary::is_temporary;
use crate::key::is_part;

impl Directory {
    pub(super) fn sweep_temporaries(&self) -> Result<Vec<(Utf8PathBuf, SystemTime)>, StoreError> {
        let mut swept = Vec::new();
        if let Some(root) = Folder::root(&self.root)? {
            sweep(&root, &mut swept)?;
        }
        Ok(swept)
    }
}

fn sweep(folder: &Folder, swept: &mut Vec<(Utf8PathBuf, SystemTime)>) -> Result<(), StoreError> {
    for (name, stat) in folder.entries()? {
        if is_temporary(&name) && is_file(&stat) {
            if remove_if_dead(folder, &name) {
                swept.push((folder.path.join(&name), modified(&stat)));
            }
        } else if is_part(&name)
            && is_folder(&stat)
            && let Some(below) = folder.enter(&name)?
        {
            sweep(&below, swept)?;
            // A writer that died may have been the first to need it. One that lives makes it again.
            folder.remove_empty(&name);
        }
    }
    Ok(())
}

/// That one cannot be removed must not keep the others.
fn remove_if_dead(folder: &Folder, name: &str) -> bool {
    let path = folder.path.join(name);
    // For writing, as some systems of files want it of those who lock.
    let file = match folder.open(name, OFlags::RDWR) {
        Ok(file) => file,
        // Just finished, or swept by another.
        Err(rustix::io::Errno::NOENT) => return false,
        Err(error) => {
            warn!(%path, %error, "cannot tell whether anybody writes this");
            return false;
        }
    };
    match file.try_lock() {
        // Removed while the lock is held: a writer that has just made the file sees that it was taken from it.
        Ok(()) => match folder.unlink(name) {
            Ok(removed) => {
                info!(%path, "removed what an interrupted writer left");
                removed
            }
            Err(error) => {
                warn!(%path, %error, "left by an interrupted writer, cannot be removed");
                false
            }
        },
        Err(TryLockError::WouldBlock) => false,
        Err(TryLockError::Error(error)) => {
            warn!(%path, %error, "cannot tell whether anybody writes this");
            false
        }
    }
}
