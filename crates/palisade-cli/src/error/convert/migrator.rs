//! Migrations and their history.

use crate::{CommandError, Exit};
use palisade_migrator::{
    ApplyCause, ApplyError, CheckError, CreateError, DriftError, RepairError, SeedError, SourceError,
};
use palisade_plan::{ProtectedError, Refusal};
use palisade_sql::IdentError;
use std::fmt::Write as _;

impl From<SourceError> for CommandError {
    fn from(error: SourceError) -> Self {
        Self::of("bad-migrations", &error).help(error.help())
    }
}

impl From<DriftError> for CommandError {
    fn from(error: DriftError) -> Self {
        let code = match &error {
            DriftError::Edited { .. } => "edited",
            DriftError::Missing { .. } => "missing",
            DriftError::OutOfOrder { .. } => "out-of-order",
            DriftError::Dirty { .. } => "dirty",
        };
        Self { exit: Exit::Refused, ..Self::of(code, &error) }.help(error.help())
    }
}

/// Names in the configuration: of the history table, of schemas.
impl From<IdentError> for CommandError {
    fn from(error: IdentError) -> Self {
        Self::of("bad-name", &error).help("see the names in `config/`")
    }
}

impl From<CreateError> for CommandError {
    fn from(error: CreateError) -> Self {
        let (code, exit) = match &error {
            CreateError::Name { .. } => ("bad-name", Exit::Usage),
            CreateError::Write { .. } => ("cannot-write", Exit::Failed),
        };
        Self { exit, ..Self::of(code, &error) }.help(error.help())
    }
}

impl From<CheckError> for CommandError {
    fn from(error: CheckError) -> Self {
        Self::of("bad-migrations", &error).help(error.help())
    }
}

impl From<SeedError> for CommandError {
    fn from(error: SeedError) -> Self {
        let code = match &error {
            SeedError::Check(_) => "bad-seed",
            SeedError::Failed { .. } => "seed-failed",
        };
        Self::of(code, &error).help(error.help().unwrap_or_default())
    }
}

impl From<ApplyError> for CommandError {
    fn from(error: ApplyError) -> Self {
        let (code, exit) = match &error.cause {
            ApplyCause::OtherTarget { .. } => ("other-target", Exit::Refused),
            ApplyCause::HistoryChanged | ApplyCause::CatalogChanged { .. } => ("changed-meanwhile", Exit::Failed),
            ApplyCause::SessionMoved => ("transaction-pooler", Exit::Refused),
            ApplyCause::Check(_) => ("bad-migrations", Exit::Failed),
            ApplyCause::RolledBack { .. } | ApplyCause::StoppedHalfway { .. } => ("migration-failed", Exit::Failed),
            ApplyCause::HistoryTouched { .. } => ("history-touched", Exit::Failed),
            ApplyCause::EditedHalfway { .. } => ("edited", Exit::Refused),
            ApplyCause::Undecided { .. } => ("undecided", Exit::Refused),
            ApplyCause::Lost { .. } | ApplyCause::NoWayBack { .. } => ("connection-lost", Exit::Failed),
            ApplyCause::Journal(_) => ("server-error", Exit::Failed),
        };
        let mut told = Self { exit, ..Self::of(code, &error) };
        if !error.done.is_empty() {
            let files: Vec<&str> = error.done.iter().map(|it| it.file.as_str()).collect();
            let _ = write!(told.message, "\napplied before it, and staying: {}", files.join(", "));
        }
        told.help(error.help().unwrap_or_default())
    }
}

impl From<RepairError> for CommandError {
    fn from(error: RepairError) -> Self {
        let (code, exit) = match &error {
            RepairError::DoesNotFit { .. } => ("does-not-fit", Exit::Refused),
            RepairError::NotApproved => ("not-approved", Exit::Refused),
            RepairError::Database(_) => ("server-error", Exit::Failed),
        };
        Self { exit, ..Self::of(code, &error) }.help(error.help().unwrap_or_default())
    }
}

impl From<ProtectedError> for CommandError {
    fn from(error: ProtectedError) -> Self {
        Self { exit: Exit::Refused, ..Self::of("protected", &error) }.help(error.help())
    }
}

impl From<Refusal> for CommandError {
    fn from(error: Refusal) -> Self {
        let code = match &error {
            Refusal::GateClosed { .. } => "gate-closed",
            Refusal::GateNotTried { .. } => "gate-not-tried",
            Refusal::NotApproved { .. } => "not-approved",
            Refusal::WrongName { .. } => "wrong-name",
            Refusal::WrongDigest { .. } => "wrong-digest",
            Refusal::OtherEnvironment(_) => "protected",
        };
        Self { exit: Exit::Refused, ..Self::of(code, &error) }.help(error.help())
    }
}
