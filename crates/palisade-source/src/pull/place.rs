//! Writes files where nothing of anybody else's is.

use std::collections::BTreeSet;
use std::fs;
use std::io;

use camino::{Utf8Path, Utf8PathBuf};
use sha2::{Digest as _, Sha256};

use crate::directory::{DirectoryError, SqlFile, read_directory};

/// How a file begins that was written by us, before the hash of the rest.
const MARK: &str = "-- Pulled by Palisade (";
const BEHIND: &str = "). Edit it as you like: `db-pull` does not write over what was changed.\n\n";

/// What was done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Placed {
    /// Files that are new or have another content now.
    pub written: Vec<String>,
    /// Files that were as they should be.
    pub unchanged: usize,
    /// Files of an earlier run that were removed.
    pub removed: Vec<String>,
    /// Files of an earlier run that are no part of the database any more, and still there.
    pub stale: Vec<String>,
}

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum PullError {
    /// Somebody else's files.
    #[error("`{directory}` holds files that `db-pull` has not written, or that were changed since: `{}`", files.join("`, `"))]
    InTheWay {
        /// The directory.
        directory: Utf8PathBuf,
        /// The files.
        files: Vec<String>,
    },
    /// What is there cannot be read.
    #[error(transparent)]
    Read(#[from] DirectoryError),
    /// A file cannot be written or removed.
    #[error("cannot write `{path}`: {reason}")]
    Write {
        /// Which.
        path: Utf8PathBuf,
        /// Why.
        reason: io::Error,
    },
}

impl PullError {
    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::InTheWay { .. } => {
                "choose another directory with `--to DIR`, or write over those of the same name with `--force`"
                    .to_owned()
            }
            Self::Read(error) => error.help(),
            Self::Write { .. } => "check that you may write there, and that the disk is not full".to_owned(),
        }
    }
}

/// The text of a file with our mark above it.
pub(super) fn marked(sql: &str) -> String {
    format!("{MARK}{}{BEHIND}{sql}", hash(sql))
}

/// Whether a text is one that we wrote, to the last letter.
fn is_ours(text: &str) -> bool {
    let parts = text.strip_prefix(MARK).and_then(|it| it.split_once(BEHIND));
    parts.is_some_and(|(written, sql)| written == hash(sql))
}

fn hash(sql: &str) -> String {
    hex::encode(&Sha256::digest(sql)[..8])
}

/// Writes `files` below `directory`. Everything is looked at before anything is written.
///
/// Files that somebody else wrote or changed are left alone, and are a reason to do nothing, because they would be loaded
/// together with ours; with `force` those of the same name are written over. Those of an earlier run are only removed with
/// `force`.
///
/// # Errors
///
/// [`PullError`].
pub fn place(directory: &Utf8Path, files: &[SqlFile], force: bool) -> Result<Placed, PullError> {
    let there = if directory.exists() {
        match read_directory(directory, directory) {
            Err(DirectoryError::Nothing { .. }) => Vec::new(),
            other => other?,
        }
    } else {
        Vec::new()
    };
    let wanted: BTreeSet<&str> = files.iter().map(|it| it.file.as_str()).collect();
    let foreign: Vec<String> = there
        .iter()
        .filter(|it| !is_ours(&it.sql) && files.iter().all(|file| file != *it))
        .map(|it| it.file.clone())
        .collect();
    if !foreign.is_empty() && !force {
        return Err(PullError::InTheWay { directory: directory.to_owned(), files: foreign });
    }
    let mut placed = Placed::default();
    for file in files {
        if there.contains(file) {
            placed.unchanged += 1;
        } else {
            write(directory, file)?;
            placed.written.push(file.file.clone());
        }
    }
    for old in there.iter().filter(|it| !wanted.contains(it.file.as_str()) && is_ours(&it.sql)) {
        if force {
            let path = directory.join(&old.file);
            fs::remove_file(&path).map_err(|reason| PullError::Write { path, reason })?;
            placed.removed.push(old.file.clone());
        } else {
            placed.stale.push(old.file.clone());
        }
    }
    Ok(placed)
}

fn write(directory: &Utf8Path, file: &SqlFile) -> Result<(), PullError> {
    let path = directory.join(&file.file);
    let fail = |reason| PullError::Write { path: path.clone(), reason };
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(fail)?;
    }
    fs::write(&path, &file.sql).map_err(fail)
}

#[cfg(test)]
mod tests {
    use super::{PullError, marked, place};
    use crate::directory::SqlFile;
    use camino::Utf8Path;
    use std::slice::from_ref;

    fn file(name: &str, sql: &str) -> SqlFile {
        SqlFile { file: name.to_owned(), sql: marked(sql) }
    }

    #[test]
    fn nothing_of_anybody_elses_is_touched() {
        let directory = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(directory.path()).unwrap().join("schema");
        let (a, b) =
            (file("public/tables/a.sql", "create table a ();\n"), file("public/tables/b.sql", "create table b ();\n"));
        assert_eq!(place(&root, &[a.clone(), b.clone()], false).unwrap().written.len(), 2);
        assert_eq!(place(&root, &[a.clone(), b.clone()], false).unwrap().unchanged, 2);

        // The database has changed: what we wrote is written anew, what is gone is named.
        let newer = file("public/tables/a.sql", "create table a (i int);\n");
        let placed = place(&root, from_ref(&newer), false).unwrap();
        assert_eq!(
            (placed.written.as_slice(), placed.stale.as_slice()),
            (&[newer.file.clone()][..], &[b.file.clone()][..])
        );

        // Somebody has changed a file, somebody else has added one.
        std::fs::write(root.join(&newer.file), newer.sql.replace("int", "text")).unwrap();
        std::fs::write(root.join("own.sql"), "select 1").unwrap();
        let error = place(&root, from_ref(&a), false).unwrap_err();
        assert!(matches!(&error, PullError::InTheWay { files, .. } if files.len() == 2), "{error}");
        let placed = place(&root, from_ref(&a), true).unwrap();
        assert_eq!((placed.written, placed.removed), (vec![a.file], vec![b.file]));
        assert!(root.join("own.sql").exists());
    }
}
