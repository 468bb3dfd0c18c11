//! Removing objects.

use std::collections::BTreeSet;

use crate::directory::Directory;
use crate::directory::folder::is_file;
use crate::{Key, StoreError};

impl Directory {
    /// What is not there is removed already.
    pub(super) fn remove(&self, keys: &[Key]) -> Result<(), StoreError> {
        let mut touched = BTreeSet::new();
        for key in keys {
            let Some((folder, name)) = self.holder(key)? else { continue };
            if folder.stat(name)?.is_some_and(|it| is_file(&it)) {
                folder.unlink(name)?;
            }
            // Also where it was gone: its folder may be left over.
            touched.insert(key.split().0.join("/"));
        }
        // Once for each folder, since it takes a trip to the disk.
        for folder in touched {
            let key = if folder.is_empty() { None } else { Some(Key::new(folder)?) };
            if let Some(folder) = self.folder(key.as_ref())? {
                folder.sync()?;
            }
            self.remove_empty_folders(key)?;
        }
        Ok(())
    }

    /// Removes a folder, and those above it, as long as nothing is in them.
    fn remove_empty_folders(&self, mut key: Option<Key>) -> Result<(), StoreError> {
        while let Some(folder) = key {
            let Some((holder, name)) = self.holder(&folder)? else { return Ok(()) };
            if !holder.remove_empty(name) {
                return Ok(());
            }
            let above = folder.split().0.join("/");
            key = if above.is_empty() { None } else { Some(Key::new(above)?) };
        }
        Ok(())
    }
}
