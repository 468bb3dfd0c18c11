//! Backups.

use crate::{CommandError, Exit};
use palisade_backup::{CreateError, RestoreError, StoreError, TargetError, VerifyError};

impl From<CreateError> for CommandError {
    fn from(error: CreateError) -> Self {
        let code = match &error {
            CreateError::Connect(_) => "cannot-connect",
            CreateError::NoProgram { .. } | CreateError::Start { .. } => "no-pg-dump",
            CreateError::Store(_) => "backup-store",
            CreateError::Database(_)
            | CreateError::Credentials { .. }
            | CreateError::Read { .. }
            | CreateError::Dump { .. }
            | CreateError::Unreadable { .. }
            | CreateError::Manifest { .. } => "backup-failed",
        };
        Self::of(code, &error).help(error.help())
    }
}

impl From<RestoreError> for CommandError {
    fn from(error: RestoreError) -> Self {
        let (code, exit) = match error {
            RestoreError::Verify(error) => return error.into(),
            RestoreError::Connect(error) => return error.into(),
            RestoreError::Target(error) => return error.into(),
            RestoreError::NotEmpty { .. } => ("not-empty", Exit::Refused),
            RestoreError::OlderServer { .. } => ("older-server", Exit::Refused),
            RestoreError::NoProgram { .. } | RestoreError::Start { .. } => ("no-pg-restore", Exit::Failed),
            RestoreError::Database(_) | RestoreError::Credentials { .. } | RestoreError::Restore { .. } => {
                ("restore-failed", Exit::Failed)
            }
        };
        Self { exit, ..Self::of(code, &error) }.help(error.help())
    }
}

impl From<VerifyError> for CommandError {
    fn from(error: VerifyError) -> Self {
        Self::of("bad-backup", &error).help(error.help())
    }
}

impl From<TargetError> for CommandError {
    fn from(error: TargetError) -> Self {
        Self { exit: Exit::Refused, ..Self::of("protected", &error) }.help(error.help())
    }
}

impl From<StoreError> for CommandError {
    fn from(error: StoreError) -> Self {
        Self::of("backup-store", &error).help(error.help())
    }
}
