//! Sources of catalogs, and what is made of two of them.

use crate::{CommandError, Exit};
use palisade_diff::DiffError;
use palisade_embedded::EmbeddedError;
use palisade_source::{
    CopyError, DirectoryError, LiveError, LoadError, MakeError, NewNameError, ProofError, PullError, SnapshotFileError,
    SourceSyntaxError,
};

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

impl From<DirectoryError> for CommandError {
    fn from(error: DirectoryError) -> Self {
        let code = match &error {
            DirectoryError::Read { .. } => "cannot-read",
            DirectoryError::Nothing { .. } => "no-schema-files",
        };
        Self::failed(code, error.to_string()).help(error.help())
    }
}

impl From<MakeError> for CommandError {
    fn from(error: MakeError) -> Self {
        let code = match &error {
            MakeError::Embedded(error) => match **error {
                EmbeddedError::Scratch(_) => "scratch",
                EmbeddedError::Installation(_) => "no-postgres",
                EmbeddedError::Server(_) => "local-server",
            },
            MakeError::Load(error) => match **error {
                LoadError::Circle { .. } => "cycle",
                LoadError::Extension { .. } => "no-extension",
                LoadError::Unreadable { .. } | LoadError::Refused { .. } | LoadError::Statement { .. } => "bad-schema",
                LoadError::Connection(_) => "connection-lost",
            },
            MakeError::Read(_) => "server-error",
            MakeError::Shadow(_) => "cannot-connect",
            MakeError::NotLent { .. } => "no-shadow",
        };
        Self::of(code, &error).help(error.help().unwrap_or_default())
    }
}

impl From<ProofError> for CommandError {
    fn from(error: ProofError) -> Self {
        let code = match error {
            ProofError::Make(error) => return error.into(),
            ProofError::Read(error) => return error.into(),
            ProofError::Diff(error) => return error.into(),
            ProofError::Dump(_) => "no-dump",
            ProofError::Apply { .. }
            | ProofError::Differs { .. }
            | ProofError::NotSettled { .. }
            | ProofError::DumpDiffers { .. }
            | ProofError::Undeclared { .. }
            | ProofError::InTheWay { .. }
            | ProofError::Back { .. }
            | ProofError::BackDiffers { .. } => "not-proven",
        };
        Self::of(code, &error).help(error.help().unwrap_or_default())
    }
}

impl From<CopyError> for CommandError {
    fn from(error: CopyError) -> Self {
        Self::of("cannot-copy", &error).help(error.help().unwrap_or_default())
    }
}

impl From<NewNameError> for CommandError {
    fn from(error: NewNameError) -> Self {
        Self { exit: Exit::Usage, ..Self::of("bad-rename", &error) }.help(error.help())
    }
}

impl From<PullError> for CommandError {
    fn from(error: PullError) -> Self {
        let (code, exit) = match error {
            PullError::Read(error) => return error.into(),
            PullError::InTheWay { .. } => ("files-in-the-way", Exit::Refused),
            PullError::Write { .. } => ("cannot-write", Exit::Failed),
        };
        Self { exit, ..Self::of(code, &error) }.help(error.help())
    }
}
