//! Whether a backup is what its manifest says.

mod restored;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use jiff::Timestamp;
use palisade_archive::{RowDigest, Rows};
use palisade_store::Store;

pub use restored::Laboratory;

use crate::contents::ArchiveContents;
use crate::fetch::{self, FetchError};
use crate::keys::Identities;
use crate::manifest::{Content, Engine, Manifest, Part};
use crate::ship::Look;
use crate::verdict::{self, Verdict};
use crate::verify_error::VerifyError;

/// How much is verified.
#[derive(Debug, Clone)]
pub enum Level {
    /// Sizes and hashes: nothing has touched the store. Needs no key.
    Sums,
    /// Everything is decrypted, decompressed and read, and rows are counted and compared.
    Contents,
    /// It is restored into a database of its own, which is compared with what was backed up.
    Restored(Box<Laboratory>),
}

impl Level {
    /// 1, 2 or 3.
    pub fn number(&self) -> u8 {
        match self {
            Self::Sums => 1,
            Self::Contents => 2,
            Self::Restored(_) => 3,
        }
    }
}

/// How far a verification has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VerifyProgress {
    /// Bytes of the store that were read.
    pub bytes: u64,
    /// Of how many.
    pub of_bytes: u64,
}

/// Verifies a backup, and puts the verdict beside it.
///
/// # Errors
///
/// [`VerifyError`] if it could not be told whether the backup is good. That it is not good is no error but a verdict with problems.
pub async fn verify(
    store: &Store,
    manifest: &Manifest,
    identities: Option<&Identities>,
    level: &Level,
    progress: impl FnMut(VerifyProgress) + Send,
) -> Result<Verdict, VerifyError> {
    let started = Instant::now();
    let mut progress = progress;
    let mut done = VerifyProgress { bytes: 0, of_bytes: manifest.bytes() };
    let mut tell = |bytes| {
        done.bytes += bytes;
        progress(done);
    };
    let (mut problems, mut unverified) = (Vec::new(), Vec::new());
    match level {
        Level::Sums => {
            for part in &manifest.parts {
                note(fetch::check(store, manifest, part, &mut tell).await, &mut problems)?;
            }
        }
        Level::Contents => contents(store, manifest, identities, &mut tell, &mut problems).await?,
        Level::Restored(laboratory) => {
            Box::pin(restored::verify(
                laboratory,
                store,
                manifest,
                identities,
                &mut tell,
                &mut problems,
                &mut unverified,
            ))
            .await?;
        }
    }
    let milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let verdict = Verdict { level: level.number(), at: Timestamp::now(), problems, unverified, milliseconds };
    verdict::write(store, &manifest.name, &verdict).await?;
    Ok(verdict)
}

/// What is wrong with the backup is a problem; that it cannot be read now is an error.
fn note<T>(result: Result<T, FetchError>, problems: &mut Vec<String>) -> Result<Option<T>, VerifyError> {
    match result {
        Ok(it) => Ok(Some(it)),
        Err(error) if error.is_damage() => {
            problems.push(error.to_string());
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

async fn contents(
    store: &Store,
    manifest: &Manifest,
    identities: Option<&Identities>,
    tell: &mut (impl FnMut(u64) + Send),
    problems: &mut Vec<String>,
) -> Result<(), VerifyError> {
    let (mut rows, mut large_objects): (BTreeMap<(String, String), Rows>, u64) = (BTreeMap::new(), 0);
    for part in &manifest.parts {
        let look = look(part);
        let opened = fetch::open(store, manifest, part, identities, look, &mut *tell).await;
        let Some(look) = note(opened, problems)? else { continue };
        match (look, &part.content) {
            (Look::Rows(digest), Content::Rows { schema, table }) => match digest.finish() {
                Ok(found) => *rows.entry((schema.clone(), table.clone())).or_default() += found,
                Err(error) => problems.push(format!("{}: {error}", part.file)),
            },
            (Look::Archive(contents), _) => {
                let finished =
                    contents.finish().map_err(|source| FetchError::Archive { file: part.file.clone(), source });
                let Some(found) = note(finished, problems)? else { continue };
                large_objects += found.large_objects;
                problems.extend(found.broken.map(|error| format!("{}: {error}", part.file)));
                for (table, found) in found.rows {
                    *rows.entry(table).or_default() += found;
                }
            }
            (Look::Away | Look::Rows(_), _) => {}
        }
    }
    if problems.is_empty() {
        problems.extend(missing_parts(manifest));
        problems.extend(different_rows(manifest, &rows));
        problems.extend(unlisted_tables(manifest, &rows));
        if large_objects != manifest.large_objects {
            problems.push(format!("{} large objects, {large_objects} were read", manifest.large_objects));
        }
    }
    Ok(())
}

/// What has to be there besides rows, which are counted: a manifest without the part with indexes looks right otherwise.
fn missing_parts(manifest: &Manifest) -> Vec<String> {
    let needed: &[(Content, &str)] = match manifest.engine {
        Engine::Single => &[(Content::Everything, "with everything")],
        Engine::Parallel => {
            &[(Content::PreData, "with what comes before rows"), (Content::PostData, "with what comes behind rows")]
        }
    };
    let is_missing = |content: &Content| !manifest.parts.iter().any(|it| it.content == *content);
    let missing = needed.iter().filter(|(content, _)| is_missing(content));
    missing.map(|(_, what)| format!("the manifest lists no part {what}")).collect()
}

/// Tables whose rows were read, and that the manifest does not know.
fn unlisted_tables(manifest: &Manifest, found: &BTreeMap<(String, String), Rows>) -> Vec<String> {
    let listed: BTreeSet<(&str, &str)> =
        manifest.tables.iter().map(|it| (it.schema.as_str(), it.name.as_str())).collect();
    let others = found.keys().filter(|(schema, table)| !listed.contains(&(schema.as_str(), table.as_str())));
    others
        .map(|(schema, table)| format!("there are rows of {schema}.{table}, which the manifest does not list"))
        .collect()
}

/// What is to be read of a part.
pub(crate) fn look(part: &Part) -> Look {
    match part.content {
        Content::Rows { .. } => Look::Rows(Box::new(RowDigest::new())),
        Content::Roles => Look::Away,
        Content::Everything | Content::PreData | Content::PostData | Content::LargeObjects => {
            Look::Archive(Box::<ArchiveContents>::default())
        }
    }
}

/// Tables whose rows are not those of the manifest.
pub(crate) fn different_rows(manifest: &Manifest, found: &BTreeMap<(String, String), Rows>) -> Vec<String> {
    let mut problems = Vec::new();
    for table in &manifest.tables {
        let rows = found.get(&(table.schema.clone(), table.name.clone())).copied().unwrap_or_default();
        if rows.rows != table.rows {
            problems.push(format!("{} has {} rows, {} were read", table.qualified(), rows.rows, table.rows));
        } else if rows.digest.to_string() != table.digest {
            problems.push(format!("{} has the right number of rows, and not the same ones", table.qualified()));
        }
    }
    problems
}
