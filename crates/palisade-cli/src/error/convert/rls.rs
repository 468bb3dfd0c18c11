//! Row security.

use crate::{CommandError, Exit};
use palisade_rls::{AccessPlanError, ApplyError, DeclareError, PersonaError, ReadError, ScriptError};

impl From<ScriptError> for CommandError {
    fn from(error: ScriptError) -> Self {
        let (code, exit) = match &error {
            ScriptError::Read { .. } | ScriptError::NotUtf8 { .. } => ("bad-policies", Exit::Failed),
            ScriptError::Refused { .. } => ("not-row-security", Exit::Refused),
        };
        Self { exit, ..Self::of(code, &error) }.help(error.help())
    }
}

impl From<PersonaError> for CommandError {
    fn from(error: PersonaError) -> Self {
        Self::of("bad-personas", &error).help(error.help())
    }
}

impl From<DeclareError> for CommandError {
    fn from(error: DeclareError) -> Self {
        let help = error.help();
        let code = match error {
            DeclareError::Database(error) => return error.into(),
            DeclareError::Statement { .. } | DeclareError::Target(_) | DeclareError::WholeRow { .. } => {
                "row-security-failed"
            }
            DeclareError::Unreadable(_) => "bad-policies",
            DeclareError::Diff(_) => "no-order",
        };
        Self::of(code, &error).help(help)
    }
}

impl From<AccessPlanError> for CommandError {
    fn from(error: AccessPlanError) -> Self {
        let code = match error {
            AccessPlanError::Missing { .. } => "row-security-failed",
            AccessPlanError::Diff(_) => "no-order",
        };
        Self::of(code, &error).help(error.help())
    }
}

impl From<ApplyError> for CommandError {
    fn from(error: ApplyError) -> Self {
        let (code, exit) = match error {
            ApplyError::Plan(error) => return error.into(),
            ApplyError::Database(error) => return error.into(),
            ApplyError::OtherTarget { .. } => ("other-target", Exit::Refused),
            ApplyError::CatalogChanged | ApplyError::AccessChanged => ("changed-meanwhile", Exit::Failed),
            ApplyError::Busy { .. } => ("busy", Exit::Failed),
            ApplyError::Statement { .. } => ("row-security-failed", Exit::Failed),
            ApplyError::Probe(_) => ("no-answer", Exit::Failed),
            ApplyError::Persona(_) => ("bad-personas", Exit::Failed),
            ApplyError::NotAsDeclared { .. } => ("not-as-declared", Exit::Failed),
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
