//! Row security.

use crate::{CommandError, Exit};
use palisade_rls::{ApplyError, ReadError, ScriptError};

impl From<ScriptError> for CommandError {
    fn from(error: ScriptError) -> Self {
        let (code, exit) = match &error {
            ScriptError::Read { .. } | ScriptError::NotUtf8 { .. } => ("bad-policies", Exit::Failed),
            ScriptError::Refused { .. } => ("not-row-security", Exit::Refused),
        };
        Self { exit, ..Self::of(code, &error) }.help(error.help())
    }
}

impl From<ApplyError> for CommandError {
    fn from(error: ApplyError) -> Self {
        let (code, exit) = match error {
            ApplyError::Script(error) => return error.into(),
            ApplyError::Database(error) => return error.into(),
            ApplyError::OtherTarget { .. } => ("other-target", Exit::Refused),
            ApplyError::CatalogChanged => ("changed-meanwhile", Exit::Failed),
            ApplyError::Busy { .. } => ("busy", Exit::Failed),
            ApplyError::Statement { .. } => ("row-security-failed", Exit::Failed),
        };
        Self { exit, ..Self::of(code, &error) }.help(error.help())
    }
}

impl From<ReadError> for CommandError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Database(error) => error.into(),
            ReadError::Facts(error) => Self::of("unreadable-facts", &error).help(
                "this is a mistake in Palisade, not in your database: please report it with the version of the server",
            ),
        }
    }
}
