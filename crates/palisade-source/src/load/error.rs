//! Why files could not be loaded.

use palisade_db::{DbError, SqlFailure};
use palisade_sql::{Excerpt, LexError, LexProblem};

/// Why files could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A file cannot be read as SQL.
    #[error("{reason}\n --> {file}:{}\n{excerpt}", excerpt.at)]
    Unreadable {
        /// The file.
        file: String,
        /// The line.
        excerpt: Excerpt,
        /// What is wrong.
        reason: LexError,
    },
    /// A statement has no place in a description of a schema.
    #[error("{reason}\n --> {file}:{}\n{excerpt}", excerpt.at)]
    Refused {
        /// The file.
        file: String,
        /// The line.
        excerpt: Excerpt,
        /// Why.
        reason: &'static str,
        /// What to write instead.
        advice: &'static str,
    },
    /// The server refused a statement.
    #[error("{failure}")]
    Statement {
        /// What it said, and where.
        failure: Box<SqlFailure>,
    },
    /// The server does not have an extension.
    #[error("{failure}")]
    Extension {
        /// The extension.
        name: String,
        /// What it said, and where.
        failure: Box<SqlFailure>,
    },
    /// Statements need each other.
    #[error("these need each other, so that none can be made first:\n{}\n{failure}", members.join("\n"))]
    Circle {
        /// What they make, with the place.
        members: Vec<String>,
        /// What the server said about the first.
        failure: Box<SqlFailure>,
    },
    /// The server is gone.
    #[error("{0}")]
    Connection(DbError),
}

impl LoadError {
    /// What to do next.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Unreadable { reason: LexError { problem: LexProblem::PsqlCommand, .. }, .. } => {
                Some("remove the line; what `\\i` includes is read anyway if it lies in the same directory".to_owned())
            }
            Self::Unreadable { .. } => Some("close what is open at the marked place".to_owned()),
            Self::Refused { advice, .. } => Some((*advice).to_owned()),
            Self::Statement { failure } => failure.help(),
            Self::Extension { name, .. } => Some(extension_help(name)),
            Self::Circle { .. } => Some(
                "break the circle: make one of them without the other, and add what is missing behind both, as `alter table \
                 … add constraint` or `create or replace`"
                    .to_owned(),
            ),
            Self::Connection(error) => error.help(),
        }
    }
}

/// What to do about an extension that a scratch server does not have.
pub(crate) fn extension_help(name: &str) -> String {
    format!(
        "install `{name}` for the Postgres of this machine (Debian: a package such as `postgresql-17-{name}`), or let a server \
         that has it lend a database: `--shadow env:NAME`"
    )
}
