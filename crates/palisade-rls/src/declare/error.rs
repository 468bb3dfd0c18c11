//! Why it is not known what the files declare.

use palisade_db::{DbError, SqlFailure};
use palisade_diff::DiffError;
use palisade_sql::LexError;

/// Why it is not known what the files declare.
#[derive(Debug, thiserror::Error)]
pub enum DeclareError {
    /// A statement of a file fails on a database with the schema of the migrations.
    #[error("{failure}")]
    Statement {
        /// Which, and why.
        failure: Box<SqlFailure>,
    },
    /// A file cannot be split into statements; checking it tells that before.
    #[error("{0}")]
    Unreadable(#[from] LexError),
    /// What the files made cannot be written as statements.
    #[error("{0}")]
    Diff(#[from] DiffError),
    /// The throwaway database could not be asked.
    #[error("the throwaway database could not be asked: {0}")]
    Database(#[from] DbError),
    /// The files were to be read on the target itself, which does not allow that.
    #[error("the files cannot be read on the target itself: {0}")]
    Target(DbError),
    /// On the target itself, what a policy says of a whole row cannot be told.
    #[error(
        "what policy `{policy}` on `{table}` says of a whole row of that table cannot be read on the target itself, because {why}"
    )]
    WholeRow {
        /// The policy.
        policy: String,
        /// Its table.
        table: String,
        /// What makes such a row another thing than one of a table that is like it.
        why: String,
    },
}

impl From<SqlFailure> for DeclareError {
    fn from(failure: SqlFailure) -> Self {
        Self::Statement { failure: Box::new(failure) }
    }
}

impl DeclareError {
    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::Statement { failure } => {
                failure.help().unwrap_or_else(|| "nothing was changed; correct the file and run it again".to_owned())
            }
            Self::Unreadable(_) => "correct the text: no server could read it".to_owned(),
            Self::Diff(_) => "this is a defect of Palisade, please report it".to_owned(),
            Self::WholeRow { .. } => {
                "write the columns that the policy needs instead of the whole row, or have the files read on a throwaway server"
                    .to_owned()
            }
            Self::Database(error) | Self::Target(error) => error.help().unwrap_or_else(|| "run the same command again".to_owned()),
        }
    }
}
