//! Catalogs as files.

use std::fs;
use std::io;

use camino::{Utf8Path, Utf8PathBuf};
use palisade_catalog::{Catalog, SnapshotError};

/// Why a snapshot could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotFileError {
    /// The file cannot be read.
    #[error("cannot read the snapshot `{path}`: {reason}")]
    Unreadable {
        /// The file.
        path: Utf8PathBuf,
        /// Why.
        reason: io::Error,
    },
    /// It holds something else.
    #[error("`{path}` cannot be used: {reason}")]
    Form {
        /// The file.
        path: Utf8PathBuf,
        /// Why.
        reason: SnapshotError,
    },
    /// The file cannot be written.
    #[error("cannot write the snapshot `{path}`: {reason}")]
    Unwritable {
        /// The file.
        path: Utf8PathBuf,
        /// Why.
        reason: io::Error,
    },
}

impl SnapshotFileError {
    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::Unreadable { .. } | Self::Form { .. } => {
                "`cargo xtask db-pull --env NAME --snapshot FILE` writes one".to_owned()
            }
            Self::Unwritable { .. } => "check that the directory exists and that you may write there".to_owned(),
        }
    }
}

/// Reads a catalog that [`write_snapshot`] wrote.
///
/// # Errors
///
/// [`SnapshotFileError`].
pub fn read_snapshot(path: &Utf8Path) -> Result<Catalog, SnapshotFileError> {
    let text =
        fs::read_to_string(path).map_err(|reason| SnapshotFileError::Unreadable { path: path.to_owned(), reason })?;
    Catalog::from_snapshot(&text).map_err(|reason| SnapshotFileError::Form { path: path.to_owned(), reason })
}

/// Writes a catalog down, in place of a file that is there.
///
/// # Errors
///
/// [`SnapshotFileError::Unwritable`].
pub fn write_snapshot(path: &Utf8Path, catalog: &Catalog) -> Result<(), SnapshotFileError> {
    let fail = |reason| SnapshotFileError::Unwritable { path: path.to_owned(), reason };
    let mut text = catalog.to_snapshot().map_err(|it| fail(it.into()))?;
    text.push('\n');
    fs::write(path, text).map_err(fail)
}

#[cfg(test)]
mod tests {
    use super::{SnapshotFileError, read_snapshot, write_snapshot};
    use camino::Utf8Path;
    use palisade_catalog::Catalog;

    #[test]
    fn what_was_written_is_read() {
        let directory = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(directory.path()).unwrap().join("a.json");
        assert!(matches!(read_snapshot(&path), Err(SnapshotFileError::Unreadable { .. })));
        write_snapshot(&path, &Catalog::default()).unwrap();
        assert_eq!(read_snapshot(&path).unwrap(), Catalog::default());
        std::fs::write(&path, "{}").unwrap();
        assert!(matches!(read_snapshot(&path), Err(SnapshotFileError::Form { .. })));
    }
}
