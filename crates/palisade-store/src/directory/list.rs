//! What is in the directory.

use std::time::{Duration, SystemTime};

use rustix::fs::Stat;

use crate::directory::Directory;
use crate::directory::folder::{Folder, is_file, is_folder};
use crate::key::is_part;
use crate::{Key, ObjectMeta, StoreError};

impl Directory {
    /// The folder of a key, or the root. `None` if there is none: nothing is below it.
    pub(super) fn folder(&self, key: Option<&Key>) -> Result<Option<Folder>, StoreError> {
        let mut folder = Folder::root(&self.root)?;
        for part in key.into_iter().flat_map(|it| it.as_str().split('/')) {
            let Some(above) = folder else { return Ok(None) };
            folder = above.enter(part)?;
        }
        Ok(folder)
    }

    /// The folder that holds the object of a key, and its name there.
    pub(super) fn holder<'k>(&self, key: &'k Key) -> Result<Option<(Folder, &'k str)>, StoreError> {
        let (above, name) = key.split();
        let above = if above.is_empty() { None } else { Some(Key::new(above.join("/"))?) };
        Ok(self.folder(above.as_ref())?.map(|it| (it, name)))
    }

    pub(super) fn find(&self, key: &Key) -> Result<Option<ObjectMeta>, StoreError> {
        let Some((folder, name)) = self.holder(key)? else { return Ok(None) };
        let found = folder.stat(name)?.filter(is_file);
        Ok(found.map(|it| meta(key.clone(), &it)))
    }

    pub(super) fn objects(&self, below: Option<&Key>) -> Result<Vec<ObjectMeta>, StoreError> {
        let mut found = Vec::new();
        if let Some(folder) = self.folder(below)? {
            walk(&folder, below, &mut found)?;
        }
        // As buckets have it, in which `a.b` stands before `a/b`.
        found.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(found)
    }

    /// A folder with nothing in it is none: buckets do not know such.
    pub(super) fn folders(&self, below: Option<&Key>) -> Result<Vec<String>, StoreError> {
        let Some(folder) = self.folder(below)? else { return Ok(Vec::new()) };
        let mut found = Vec::new();
        for (name, stat) in folder.entries()? {
            if is_part(&name)
                && is_folder(&stat)
                && let Some(folder) = folder.enter(&name)?
                && holds_something(&folder)?
            {
                found.push(name);
            }
        }
        Ok(found)
    }
}

fn walk(folder: &Folder, key: Option<&Key>, found: &mut Vec<ObjectMeta>) -> Result<(), StoreError> {
    for (name, stat) in folder.entries()?.into_iter().filter(|(name, _)| is_part(name)) {
        // Deeper than any key of ours can be, it is not ours.
        let Ok(key) = key.map_or_else(|| Key::new(name.as_str()), |it| it.join(&name)) else { continue };
        if is_file(&stat) {
            found.push(meta(key, &stat));
        } else if is_folder(&stat)
            && let Some(folder) = folder.enter(&name)?
        {
            walk(&folder, Some(&key), found)?;
        }
    }
    Ok(())
}

fn holds_something(folder: &Folder) -> Result<bool, StoreError> {
    for (name, stat) in folder.entries()?.into_iter().filter(|(name, _)| is_part(name)) {
        let below = if is_folder(&stat) { folder.enter(&name)? } else { None };
        if is_file(&stat) || below.map_or(Ok(false), |it| holds_something(&it))? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn meta(key: Key, stat: &Stat) -> ObjectMeta {
    ObjectMeta { key, bytes: u64::try_from(stat.st_size).unwrap_or_default(), modified: modified(stat) }
}

/// Times before 1970 are taken for 1970.
pub(super) fn modified(stat: &Stat) -> SystemTime {
    let seconds = u64::try_from(stat.st_mtime).unwrap_or_default();
    let nanoseconds = u32::try_from(stat.st_mtime_nsec).unwrap_or_default();
    SystemTime::UNIX_EPOCH + Duration::new(seconds, nanoseconds)
}
