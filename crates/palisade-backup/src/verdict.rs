//! What verifications found, beside the backup that they are about.

use bytes::Bytes;
use jiff::Timestamp;
use palisade_store::{Key, ObjectMeta, Store, StoreError};
use serde::{Deserialize, Serialize};
use ulid::Ulid;

use crate::name::BackupName;

/// A verdict is no larger than this.
const MOST_BYTES: u64 = 64 << 20;
/// So many of the newest are read.
const NEWEST: usize = 3;

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// 1: sizes and hashes. 2: everything was decrypted and read, and the rows are those of the manifest. 3: it was restored into a
    /// database of its own, and what is there is what was backed up.
    pub level: u8,
    /// When it ended.
    pub at: Timestamp,
    /// What is wrong; nothing: the backup is what it says.
    pub problems: Vec<String>,
    /// What could not be told, and why.
    pub unverified: Vec<String>,
    /// How long it took.
    pub milliseconds: u64,
}

/// Puts a verdict beside the backup.
pub(crate) async fn write(store: &Store, name: &BackupName, verdict: &Verdict) -> Result<(), StoreError> {
    // Texts, numbers and a time always serialize.
    let text = serde_json::to_vec_pretty(verdict).unwrap_or_default();
    let id = Ulid::from_parts(u64::try_from(verdict.at.as_millisecond()).unwrap_or(0), rand::random());
    store.create(&Key::new(name.key(&format!("verdict-{id}.json")))?, Bytes::from(text)).await
}

/// The newest verdicts, the newest first. One that cannot be read says nothing.
pub(crate) async fn read(store: &Store, name: &BackupName, objects: &[ObjectMeta]) -> Result<Vec<Verdict>, StoreError> {
    let prefix = name.key("verdict-");
    let mut keys: Vec<&Key> = objects.iter().map(|it| &it.key).filter(|it| it.as_str().starts_with(&prefix)).collect();
    keys.sort_by(|one, other| other.as_str().cmp(one.as_str()));
    let mut verdicts = Vec::new();
    for key in keys.into_iter().take(NEWEST) {
        let bytes = store.read_all(key, MOST_BYTES).await?;
        verdicts.extend(serde_json::from_slice::<Verdict>(&bytes).ok());
    }
    Ok(verdicts)
}
