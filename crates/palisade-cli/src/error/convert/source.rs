//! Sources of catalogs, and what is made of two of them.

use crate::{CommandError, Exit};
use palisade_diff::DiffError;
use palisade_source::{LiveError, SnapshotFileError, SourceSyntaxError};

impl From<SourceSyntaxError> for CommandError {
    fn from(error: SourceSyntaxError) -> Self {
        Self { exit: Exit::Usage, ..Self::of("bad-source", &error) }.help(error.help())
    }
}

impl From<LiveError> for CommandError {
    fn from(error: LiveError) -> Self {
        match error {
            LiveError::Connect(error) => (*error).into(),
            LiveError::Read(error) => error.into(),
        }
    }
}

impl From<SnapshotFileError> for CommandError {
    fn from(error: SnapshotFileError) -> Self {
        let code = match &error {
            SnapshotFileError::Unreadable { .. } | SnapshotFileError::Form { .. } => "bad-snapshot",
            SnapshotFileError::Unwritable { .. } => "cannot-write",
        };
        Self::failed(code, error.to_string()).help(error.help())
    }
}

impl From<DiffError> for CommandError {
    fn from(error: DiffError) -> Self {
        let code = match &error {
            DiffError::Cycle { .. } => "cycle",
            DiffError::Impossible { .. } => "impossible-change",
        };
        Self::of(code, &error).help(error.help())
    }
}
