//! What is in a store.

use std::fs;
use std::io;

use camino::{Utf8Path, Utf8PathBuf};

use crate::manifest::{MANIFEST_FORMAT, Manifest};
use crate::name::BackupName;
use crate::store::{StoreError, partial};

/// One backup, or what is left of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub name: BackupName,
    /// Where its dump is, or would be.
    pub dump: Utf8PathBuf,
    /// In what state it is.
    pub state: State,
}

/// The state of a backup, as far as it can be told without reading the whole dump.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Dump and manifest are there, and the size is right.
    Complete(Box<Manifest>),
    /// Something is missing or wrong.
    Damaged {
        /// What.
        reason: String,
    },
    /// It is being written at this moment.
    Running,
    /// It was being written when its writer died. The next backup removes it.
    Abandoned,
}

impl Entry {
    /// The manifest, if the backup is complete.
    pub fn manifest(&self) -> Option<&Manifest> {
        match &self.state {
            State::Complete(manifest) => Some(manifest),
            State::Damaged { .. } | State::Running | State::Abandoned => None,
        }
    }
}

/// Everything in the store, newest first. A store that does not exist is empty. Files that are not backups are left
/// out.
///
/// # Errors
///
/// [`StoreError`] if the directory cannot be read.
pub fn list(store: &Utf8Path) -> Result<Vec<Entry>, StoreError> {
    let mut names = Vec::new();
    let entries = match store.read_dir_utf8() {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(StoreError::new("reading", store)(error)),
    };
    for entry in entries {
        let entry = entry.map_err(StoreError::new("reading", store))?;
        let stem = [".dump.partial", ".json.partial", ".dump", ".json"]
            .iter()
            .find_map(|it| entry.file_name().strip_suffix(it));
        names.extend(stem.and_then(|it| it.parse::<BackupName>().ok()));
    }
    names.sort_by(|a, b| (b.time(), b).cmp(&(a.time(), a)));
    names.dedup();
    Ok(names.into_iter().map(|name| entry(store, name)).collect())
}

/// The backup with this name, this id, or this path to its dump or manifest.
///
/// # Errors
///
/// [`StoreError`] if the directory cannot be read.
pub fn find(store: &Utf8Path, which: &str) -> Result<Option<Entry>, StoreError> {
    let path = Utf8Path::new(which);
    let (store, which) = match (path.parent(), path.file_name()) {
        (Some(parent), Some(file)) if which.contains('/') => (parent, file),
        _ => (store, which),
    };
    let which = which.strip_suffix(".dump").or_else(|| which.strip_suffix(".json")).unwrap_or(which);
    let mut found = list(store)?;
    found.retain(|it| it.name.to_string() == which || it.name.id() == which);
    Ok(if found.len() == 1 { found.pop() } else { None })
}

fn entry(store: &Utf8Path, name: BackupName) -> Entry {
    let dump = store.join(name.dump_file());
    let state = state(store, &name, &dump);
    Entry { name, dump, state }
}

fn state(store: &Utf8Path, name: &BackupName, dump: &Utf8Path) -> State {
    let damaged = |reason: String| State::Damaged { reason };
    if !dump.exists() {
        let partial = store.join(format!("{}.partial", name.dump_file()));
        return match partial::is_dead(&partial) {
            Ok(true) => State::Abandoned,
            Ok(false) => State::Running,
            Err(_) => damaged("the dump is missing".to_owned()),
        };
    }
    let manifest: Manifest = match fs::read(store.join(name.manifest_file())) {
        Ok(bytes) => match serde_json::from_slice(&bytes) {
            Ok(manifest) => manifest,
            Err(error) => return damaged(format!("the manifest cannot be read: {error}")),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => return damaged("the manifest is missing".to_owned()),
        Err(error) => return damaged(format!("the manifest cannot be read: {error}")),
    };
    if manifest.format > MANIFEST_FORMAT {
        return damaged(format!("a newer version of Palisade wrote its manifest (format {})", manifest.format));
    }
    if manifest.name != *name {
        return damaged(format!("the manifest is that of `{}`", manifest.name));
    }
    match fs::metadata(dump) {
        Ok(found) if found.len() == manifest.bytes => State::Complete(Box::new(manifest)),
        Ok(found) => damaged(format!("the dump has {} bytes, its manifest says {}", found.len(), manifest.bytes)),
        Err(error) => damaged(format!("the dump cannot be read: {error}")),
    }
}
