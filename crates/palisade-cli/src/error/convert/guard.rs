//! The gate.

use crate::{CommandError, Exit};
use palisade_guard::{ApproveError, DeclaredError, ExecuteError, ExecuteRestoreError, ProposeError, WideningError};
use std::fmt::Write as _;

impl From<ProposeError> for CommandError {
    fn from(error: ProposeError) -> Self {
        match error {
            ProposeError::Drift(error) => error.into(),
            ProposeError::Check(error) => Self::of("bad-migrations", &error).help(error.help()),
            ProposeError::NoWayDown { .. } => Self::of("no-way-down", &error).help(error.help().unwrap_or_default()),
            ProposeError::Declared(error) => (*error).into(),
            ProposeError::Database(error) => error.into(),
        }
    }
}

impl From<DeclaredError> for CommandError {
    fn from(error: DeclaredError) -> Self {
        let help = error.help().unwrap_or_default();
        match error {
            DeclaredError::Declare(error) => error.into(),
            DeclaredError::Plan(error) => error.into(),
            DeclaredError::Target(error) => error.into(),
            DeclaredError::OnTarget { .. } => Self::of("row-security-failed", &error).help(help),
            DeclaredError::Scratch { .. } | DeclaredError::Copy { .. } | DeclaredError::Pending { .. } => {
                Self::of("no-scratch", &error).help(help)
            }
        }
    }
}

impl From<WideningError> for CommandError {
    fn from(error: WideningError) -> Self {
        let help = error.help().unwrap_or_default();
        match error {
            WideningError::Read(error) => error.into(),
            WideningError::Target(error) => error.into(),
            WideningError::Scratch { .. } => Self::of("no-scratch", &error).help(help),
        }
    }
}

impl From<ApproveError> for CommandError {
    fn from(error: ApproveError) -> Self {
        let help = error.help();
        match error {
            ApproveError::Refused(refusal) => refusal.into(),
            ApproveError::Backup { .. } => Self::of("no-backup", &error).help(help.unwrap_or_default()),
            ApproveError::Unverified { .. } | ApproveError::BadBackup { .. } => {
                Self::of("bad-backup", &error).help(help.unwrap_or_default())
            }
        }
    }
}

impl From<ExecuteError> for CommandError {
    fn from(error: ExecuteError) -> Self {
        let help = error.help().unwrap_or_default();
        let code = match error {
            ExecuteError::Migrations(error) => return error.into(),
            ExecuteError::RowSecurity { done, source } => {
                let mut told = Self::from(*source);
                if !done.is_empty() {
                    let files: Vec<&str> = done.iter().map(|it| it.file.as_str()).collect();
                    let _ = write!(told.message, "\napplied before it, and staying: {}", files.join(", "));
                }
                return told;
            }
            ExecuteError::Protect(_) => "server-error",
            ExecuteError::NotRecorded { .. } | ExecuteError::HistoryDiffers { .. } => "not-recorded",
            ExecuteError::ReadBack(_) => "read-back-failed",
        };
        Self::of(code, &error).help(help)
    }
}

impl From<ExecuteRestoreError> for CommandError {
    fn from(error: ExecuteRestoreError) -> Self {
        let help = error.help().unwrap_or_default();
        match error {
            ExecuteRestoreError::Restore(error) => (*error).into(),
            ExecuteRestoreError::Database(error) => error.into(),
            ExecuteRestoreError::Changed { .. } => {
                Self { exit: Exit::Refused, ..Self::of("changed", &error) }.help(help)
            }
            ExecuteRestoreError::NotNoted(_) => Self::of("not-noted", &error).help(help),
        }
    }
}
