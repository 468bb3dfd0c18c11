//! Backups.

use crate::{CommandError, Exit};
use palisade_backup::retention::RetentionRefusal;
use palisade_backup::{CreateError, FetchError, FindError, KeyError, RestoreError, TargetError, VerifyError};
use palisade_store::StoreError;

impl From<CreateError> for CommandError {
    fn from(error: CreateError) -> Self {
        let (code, exit) = match &error {
            CreateError::Connect(_) => ("cannot-connect", Exit::Failed),
            CreateError::NoProgram { .. } | CreateError::Start { .. } => ("no-pg-dump", Exit::Failed),
            CreateError::Store(_) => ("backup-store", Exit::Failed),
            // Nothing is wrong but that it cannot be done so.
            CreateError::Pooler => ("pooler", Exit::Refused),
            CreateError::Filtered { .. } => ("row-security", Exit::Refused),
            _ => ("backup-failed", Exit::Failed),
        };
        Self { exit, ..Self::of(code, &error) }.help(error.help())
    }
}

impl From<RestoreError> for CommandError {
    fn from(error: RestoreError) -> Self {
        let (code, exit) = match error {
            RestoreError::Fetch(error) => return error.into(),
            RestoreError::Connect(error) => return error.into(),
            RestoreError::Target(error) => return error.into(),
            RestoreError::Different { .. } => ("bad-backup", Exit::Failed),
            RestoreError::NotEmpty { .. } => ("not-empty", Exit::Refused),
            RestoreError::NoSpace { .. } => ("no-space", Exit::Refused),
            RestoreError::OlderServer { .. } => ("older-server", Exit::Refused),
            RestoreError::ExtensionMissing { .. } => ("extension-missing", Exit::Refused),
            RestoreError::RolesMissing { .. } => ("roles-missing", Exit::Refused),
            RestoreError::InUse { .. } => ("in-use", Exit::Refused),
            RestoreError::Incomplete { .. } => ("incomplete", Exit::Failed),
            RestoreError::NoProgram { .. } | RestoreError::Start { .. } | RestoreError::Programs { .. } => {
                ("no-pg-restore", Exit::Failed)
            }
            _ => ("restore-failed", Exit::Failed),
        };
        Self { exit, ..Self::of(code, &error) }.help(error.help())
    }
}

impl From<FetchError> for CommandError {
    fn from(error: FetchError) -> Self {
        let (code, exit) = match &error {
            FetchError::NoKey | FetchError::WrongKey => ("no-key", Exit::Refused),
            _ if error.is_damage() => ("bad-backup", Exit::Failed),
            _ => ("backup-store", Exit::Failed),
        };
        Self { exit, ..Self::of(code, &error) }.help(error.help())
    }
}

impl From<FindError> for CommandError {
    fn from(error: FindError) -> Self {
        match error {
            FindError::Store(error) => error.into(),
            FindError::None { .. } | FindError::Several { .. } => {
                Self::usage("no-such-backup", error.to_string()).help(error.help())
            }
        }
    }
}

impl From<VerifyError> for CommandError {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::Fetch(error) => error.into(),
            VerifyError::Store(error) => error.into(),
            _ => Self::of("cannot-verify", &error).help(error.help()),
        }
    }
}

impl From<KeyError> for CommandError {
    fn from(error: KeyError) -> Self {
        Self::of("bad-key", &error).help(error.help())
    }
}

impl From<RetentionRefusal> for CommandError {
    fn from(error: RetentionRefusal) -> Self {
        Self { exit: Exit::Refused, ..Self::of("retention", &error) }.help(error.help())
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
