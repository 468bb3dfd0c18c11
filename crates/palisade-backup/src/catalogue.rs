//! Which backups there are.

use std::collections::BTreeMap;

use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use palisade_store::{Key, ObjectMeta, Store, StoreError};

use crate::manifest::{MANIFEST_FORMAT, Manifest};
use crate::name::BackupName;
use crate::pin::{self, Pin};
use crate::verdict::{self, Verdict};

/// How many backups are asked about at once.
const AT_ONCE: usize = 8;
/// A manifest is no larger than this: it would be that of a million tables.
const MOST_BYTES: u64 = 1 << 30;
/// What has no manifest after so many hours is not being written any more.
pub(crate) const ABANDONED_HOURS: i64 = 48;

/// One backup, or what is left of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub name: BackupName,
    /// In what state it is.
    pub state: State,
    /// What the last verifications found, the newest first.
    pub verdicts: Vec<Verdict>,
    /// That it is to stay, if somebody said so.
    pub pinned: Option<Pin>,
}

/// The state of a backup, as far as it can be told without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// The manifest is there, and all parts with the right sizes.
    Complete(Box<Manifest>),
    /// Something is missing or wrong.
    Damaged {
        /// What.
        reason: String,
    },
    /// Another version of Palisade wrote it, in a format that this one does not read. Nothing is known of it.
    Foreign {
        /// Number of the format.
        format: u32,
    },
    /// There is no manifest: it is being written, or its writing was interrupted. It is not a backup.
    Unfinished,
}

impl Entry {
    /// The manifest, if the backup is complete.
    pub fn manifest(&self) -> Option<&Manifest> {
        match &self.state {
            State::Complete(manifest) => Some(manifest),
            State::Damaged { .. } | State::Foreign { .. } | State::Unfinished => None,
        }
    }

    /// The highest level at which a verification found nothing wrong, since one did find something.
    pub fn verified_level(&self) -> Option<u8> {
        if self.problem().is_some() {
            return None;
        }
        self.verdicts.iter().take_while(|it| it.problems.is_empty()).map(|it| it.level).max()
    }

    /// The newest verification that found something wrong, and that none has refuted since: only one can that looked as closely.
    pub fn problem(&self) -> Option<&Verdict> {
        let mut looked = 0;
        for verdict in &self.verdicts {
            if !verdict.problems.is_empty() && verdict.level > looked {
                return Some(verdict);
            }
            looked = looked.max(verdict.level);
        }
        None
    }

    /// Whether it was begun so long ago that nobody writes it any more.
    pub fn is_abandoned(&self, now: Timestamp) -> bool {
        self.state == State::Unfinished
            && now.duration_since(self.name.started()) > SignedDuration::from_hours(ABANDONED_HOURS)
    }
}

/// Everything in the store, newest first. What are no backups is left out.
///
/// # Errors
///
/// [`StoreError`] if the store cannot be read.
pub async fn list(store: &Store) -> Result<Vec<Entry>, StoreError> {
    let names = store.directories(None).await?.into_iter().filter_map(|it| it.parse::<BackupName>().ok());
    let entries = stream::iter(names).map(|name| entry(store, name)).buffer_unordered(AT_ONCE);
    let mut entries: Vec<Entry> = entries.try_collect().await?;
    entries.sort_by(|one, other| (other.name.started(), &other.name).cmp(&(one.name.started(), &one.name)));
    Ok(entries)
}

/// Why there is not one backup of a name.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// There is none.
    #[error("there is no backup `{which}`")]
    None {
        /// What was asked for.
        which: String,
    },
    /// There are several.
    #[error("`{which}` can be {}", names.join(" or "))]
    Several {
        /// What was asked for.
        which: String,
        /// Their names.
        names: Vec<String>,
    },
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl FindError {
    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::None { .. } => "`cargo xtask backup list` shows what there is".to_owned(),
            Self::Several { .. } => "write more of the name".to_owned(),
            Self::Store(error) => error.help(),
        }
    }
}

/// The backup with this name, this id, or an id that ends so; `latest` is the newest that is finished.
///
/// # Errors
///
/// [`FindError`].
pub async fn find(store: &Store, which: &str) -> Result<Entry, FindError> {
    if which == "latest" {
        return latest(store, |_| true).await;
    }
    let names = store.directories(None).await?.into_iter().filter_map(|it| it.parse::<BackupName>().ok());
    let wanted = which.to_ascii_uppercase();
    let fits = |it: &BackupName| it.to_string() == which || (!which.is_empty() && it.id().ends_with(&wanted));
    let mut found: Vec<BackupName> = names.filter(fits).collect();
    match (found.pop(), found.len()) {
        (Some(name), 0) => Ok(entry(store, name).await?),
        (None, _) => Err(FindError::None { which: which.to_owned() }),
        (Some(last), _) => {
            let names = found.into_iter().chain([last]).map(|it| it.to_string()).collect();
            Err(FindError::Several { which: which.to_owned(), names })
        }
    }
}

/// The newest backup that is finished, of those with a name that `fits`. If that one is damaged, no older one takes its place unnoticed.
///
/// # Errors
///
/// [`FindError`] if there is none, or the store cannot be read.
pub async fn latest(store: &Store, fits: impl Fn(&BackupName) -> bool) -> Result<Entry, FindError> {
    let found = newest_where(store, fits, |it| it.state != State::Unfinished).await?;
    found.ok_or_else(|| FindError::None { which: "latest".to_owned() })
}

/// The newest complete backup with a name that `fits`. Looks at no more backups than it has to.
///
/// # Errors
///
/// [`StoreError`] if the store cannot be read.
pub async fn newest(store: &Store, fits: impl Fn(&BackupName) -> bool) -> Result<Option<Entry>, StoreError> {
    newest_where(store, fits, |it| it.manifest().is_some()).await
}

async fn newest_where(
    store: &Store,
    fits: impl Fn(&BackupName) -> bool,
    wanted: impl Fn(&Entry) -> bool,
) -> Result<Option<Entry>, StoreError> {
    let names = store.directories(None).await?.into_iter().filter_map(|it| it.parse::<BackupName>().ok());
    let mut names: Vec<BackupName> = names.filter(|it| fits(it)).collect();
    names.sort_by(|one, other| (other.started(), other).cmp(&(one.started(), one)));
    for name in names {
        let entry = entry(store, name).await?;
        if wanted(&entry) {
            return Ok(Some(entry));
        }
    }
    Ok(None)
}

async fn entry(store: &Store, name: BackupName) -> Result<Entry, StoreError> {
    let objects = store.list(Some(&Key::new(name.to_string())?)).await?;
    let damaged = |reason: String| State::Damaged { reason };
    let pinned = pin::read(store, &name, &objects).await?;
    let manifest = Key::new(name.manifest_key())?;
    let unfinished = |name| Ok(Entry { name, state: State::Unfinished, verdicts: Vec::new(), pinned: None });
    if !objects.iter().any(|it| it.key == manifest) {
        return Ok(Entry { name, state: State::Unfinished, verdicts: Vec::new(), pinned });
    }
    let bytes = match store.read_all(&manifest, MOST_BYTES).await {
        // Somebody removes it right now, the manifest first.
        Err(StoreError::NotFound { .. }) => return unfinished(name),
        read => read?,
    };
    let state = match read(&bytes, &name) {
        Err(state) => state,
        Ok(manifest) => first_missing(&manifest, &objects).map_or_else(|| State::Complete(Box::new(manifest)), damaged),
    };
    let verdicts = verdict::read(store, &name, &objects).await?;
    Ok(Entry { name, state, verdicts, pinned })
}

/// What of a backup is not in the store as its manifest says it is.
pub(crate) async fn missing(store: &Store, manifest: &Manifest) -> Result<Option<String>, StoreError> {
    let objects = store.list(Some(&Key::new(manifest.name.to_string())?)).await?;
    Ok(first_missing(manifest, &objects))
}

fn first_missing(manifest: &Manifest, objects: &[ObjectMeta]) -> Option<String> {
    let sizes: BTreeMap<&str, u64> = objects.iter().map(|it| (it.key.as_str(), it.bytes)).collect();
    manifest.parts.iter().find_map(|part| match sizes.get(manifest.name.key(&part.file).as_str()) {
        None => Some(format!("{} is missing", part.file)),
        Some(found) if *found != part.bytes => {
            Some(format!("{} has {found} bytes, the manifest says {}", part.file, part.bytes))
        }
        Some(_) => None,
    })
}

fn read(bytes: &[u8], name: &BackupName) -> Result<Manifest, State> {
    #[derive(serde::Deserialize)]
    struct Format {
        format: u32,
    }
    let damaged = |reason: String| State::Damaged { reason };
    let unreadable = |error: serde_json::Error| damaged(format!("the manifest cannot be read: {error}"));
    let Format { format } = serde_json::from_slice(bytes).map_err(unreadable)?;
    if format != MANIFEST_FORMAT {
        return Err(State::Foreign { format });
    }
    let manifest: Manifest = serde_json::from_slice(bytes).map_err(unreadable)?;
    let other = || damaged(format!("the manifest is that of `{}`", manifest.name));
    if manifest.name == *name { Ok(manifest) } else { Err(other()) }
}

/// Removes everything of a backup, also one that is pinned. Its manifest goes first: what is half removed is no backup. Its pin
/// goes with it: what is left of a backup is not to stay.
///
/// # Errors
///
/// [`StoreError`]; then some of it may be left, which is then [`State::Unfinished`].
pub async fn delete(store: &Store, name: &BackupName) -> Result<(), StoreError> {
    let objects = store.list(Some(&Key::new(name.to_string())?)).await?;
    let marks = [Key::new(name.manifest_key())?, pin::key(name)?];
    let rest: Vec<Key> = objects.into_iter().map(|it| it.key).filter(|it| !marks.contains(it)).collect();
    store.delete(&marks).await?;
    store.delete(&rest).await
}
