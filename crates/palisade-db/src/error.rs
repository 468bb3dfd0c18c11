//! What a server said, or that it could no longer say anything.

use std::fmt;

use palisade_sql::SqlState;
use sqlx::postgres::{PgDatabaseError, PgErrorPosition};

use crate::help;

/// An [error of the server](https://www.postgresql.org/docs/current/protocol-error-fields.html).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerError {
    /// The code, if it is one.
    pub sqlstate: Option<SqlState>,
    /// What went wrong, in one sentence.
    pub message: String,
    /// More about it; may hold values of rows.
    pub detail: Option<String>,
    /// The server's own advice.
    pub hint: Option<String>,
    /// Where in the statement, in characters from 0.
    pub position: Option<usize>,
    /// The stack of functions in which it happened.
    pub context: Option<String>,
    /// The table, for constraint violations.
    pub table: Option<String>,
    /// The constraint that was violated.
    pub constraint: Option<String>,
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match self.sqlstate {
            Some(code) => write!(f, " (SQLSTATE {code})"),
            None => Ok(()),
        }
    }
}

impl ServerError {
    pub(crate) fn from_driver(error: &PgDatabaseError) -> Self {
        let owned = |it: Option<&str>| it.map(str::to_owned);
        Self {
            sqlstate: SqlState::parse(error.code()),
            message: error.message().to_owned(),
            detail: owned(error.detail()),
            hint: owned(error.hint()),
            position: match error.position() {
                Some(PgErrorPosition::Original(position)) => position.checked_sub(1),
                // A place inside a function's text: the statement's own place says more.
                Some(PgErrorPosition::Internal { .. }) | None => None,
            },
            context: owned(error.r#where()),
            table: owned(error.table()),
            constraint: owned(error.constraint()),
        }
    }
}

/// Why a database did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DbError {
    /// The server refused.
    #[error("{0}")]
    Server(Box<ServerError>),
    /// The connection broke; what was under way may or may not have happened.
    #[error("the connection to the server was lost: {reason}")]
    Lost {
        /// What the system says.
        reason: String,
    },
    /// The server answered something that nobody expected.
    #[error("the server's answer could not be understood: {reason}")]
    Unexpected {
        /// What the driver says.
        reason: String,
    },
}

impl From<sqlx::Error> for DbError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(database) => match database.try_downcast_ref::<PgDatabaseError>() {
                Some(error) => Self::Server(Box::new(ServerError::from_driver(error))),
                None => Self::Unexpected { reason: error.to_string() },
            },
            sqlx::Error::Io(reason) => Self::Lost { reason: reason.to_string() },
            sqlx::Error::Tls(reason) => Self::Lost { reason: reason.to_string() },
            other => Self::Unexpected { reason: other.to_string() },
        }
    }
}

impl DbError {
    /// The code of the server's error.
    pub fn sqlstate(&self) -> Option<SqlState> {
        match self {
            Self::Server(error) => error.sqlstate,
            Self::Lost { .. } | Self::Unexpected { .. } => None,
        }
    }

    /// The server's error, if it was one.
    pub fn server(&self) -> Option<&ServerError> {
        match self {
            Self::Server(error) => Some(error),
            Self::Lost { .. } | Self::Unexpected { .. } => None,
        }
    }

    /// Whether the connection cannot be used any more, so that the state of the database must be asked on another one.
    pub fn ends_connection(&self) -> bool {
        match self {
            Self::Server(error) => error.sqlstate.is_some_and(|it| {
                [SqlState::ADMIN_SHUTDOWN, SqlState::CRASH_SHUTDOWN, SqlState::CANNOT_CONNECT_NOW].contains(&it)
                    || it.class() == "08"
            }),
            // After a message out of step nothing later on this connection could be trusted either.
            Self::Lost { .. } | Self::Unexpected { .. } => true,
        }
    }

    /// What to do next, for the errors that people meet often.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Server(error) => help::for_server_error(error),
            Self::Lost { .. } => {
                Some("check the network and run the same command again: it finds out what was done".to_owned())
            }
            Self::Unexpected { .. } => None,
        }
    }
}
