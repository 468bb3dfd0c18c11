//! Connections and statements.

use crate::{CommandError, Exit};
use palisade_db::{BatchError, ConnectError, DbError, LockError};
use std::fmt::Write as _;

impl From<ConnectError> for CommandError {
    fn from(error: ConnectError) -> Self {
        Self::of("cannot-connect", &error).help(error.help())
    }
}

impl From<DbError> for CommandError {
    fn from(error: DbError) -> Self {
        let code = match &error {
            DbError::Server(_) => "server-error",
            DbError::Lost { .. } => "connection-lost",
            DbError::Unexpected { .. } => "unexpected-answer",
        };
        let mut told = Self::of(code, &error);
        if let Some(server) = error.server() {
            let details = [("detail", &server.detail), ("hint", &server.hint)];
            for (name, text) in details {
                if let Some(text) = text {
                    let _ = write!(told.message, "\n{name}: {text}");
                }
            }
        }
        told.help(error.help().unwrap_or_default())
    }
}

impl From<BatchError> for CommandError {
    fn from(error: BatchError) -> Self {
        error.error.into()
    }
}

/// For own commands that read rows.
impl From<sqlx::Error> for CommandError {
    fn from(error: sqlx::Error) -> Self {
        DbError::from(error).into()
    }
}

impl From<LockError> for CommandError {
    fn from(error: LockError) -> Self {
        let (code, exit) = match &error {
            LockError::Busy { .. } | LockError::BusyUnknown => ("busy", Exit::Failed),
            LockError::TransactionPooler => ("transaction-pooler", Exit::Refused),
            LockError::Database(_) => ("server-error", Exit::Failed),
        };
        Self { exit, ..Self::of(code, &error) }.help(error.help())
    }
}
