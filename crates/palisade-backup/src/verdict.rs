//! What verifications found, beside the backup that they are about.

use bytes::Bytes;
use jiff::Timestamp;
use palisade_store::{Key, ObjectMeta, Store, StoreError};
use serde::{Deserialize, Serialize};
use ulid::Ulid;

use crate::name::BackupName;

/// What the names of verdicts end in.
const GOOD: &str = "good";
const BAD: &str = "bad";

/// A verdict is no larger than this.
const MOST_BYTES: u64 = 64 << 20;
/// So many of the newest are read, and of the others those that say more.
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
    let outcome = if verdict.problems.is_empty() { GOOD } else { BAD };
    let file = format!("verdict-{id}-{}-{outcome}.json", verdict.level);
    store.create(&Key::new(name.key(&file))?, Bytes::from(text)).await
}

/// What the name of a verdict says of it: the level, and whether nothing was wrong. Older versions wrote names that say nothing.
fn outcome(key: &Key) -> Option<(u8, bool)> {
    let (rest, outcome) = key.as_str().strip_suffix(".json")?.rsplit_once('-')?;
    let level = rest.rsplit_once('-')?.1.parse().ok()?;
    [(GOOD, true), (BAD, false)].into_iter().find(|it| it.0 == outcome).map(|it| (level, it.1))
}

/// The newest verdicts, the newest first, and all older ones that count for something beside them. One that cannot be read says nothing,
/// nor does one that somebody removes.
pub(crate) async fn read(store: &Store, name: &BackupName, objects: &[ObjectMeta]) -> Result<Vec<Verdict>, StoreError> {
    let prefix = name.key("verdict-");
    let mut keys: Vec<&Key> = objects.iter().map(|it| &it.key).filter(|it| it.as_str().starts_with(&prefix)).collect();
    keys.sort_by(|one, other| other.as_str().cmp(one.as_str()));
    let (mut verdicts, mut good): (Vec<Verdict>, u8) = (Vec::new(), 0);
    for (number, key) in keys.into_iter().enumerate() {
        let counts = outcome(key).is_none_or(|(level, is_good)| !is_good || level > good);
        if number >= NEWEST && !counts {
            continue;
        }
        let bytes = match store.read_all(key, MOST_BYTES).await {
            Err(StoreError::NotFound { .. }) => continue,
            read => read?,
        };
        let Ok(verdict) = serde_json::from_slice::<Verdict>(&bytes) else { continue };
        if verdict.problems.is_empty() {
            good = good.max(verdict.level);
        }
        verdicts.push(verdict);
    }
    Ok(verdicts)
}
