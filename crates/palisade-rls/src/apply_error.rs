//! Why row security could not be applied.

use std::fmt;
use std::time::Duration;

use palisade_db::{DbError, SqlFailure};
use palisade_plan::TargetIdentity;

use crate::script::ScriptError;

/// A session that holds a lock on the table that we wait for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocker {
    /// The process that serves it.
    pub pid: i32,
    /// Its role.
    pub user: String,
    /// Its program.
    pub application: String,
    /// `active`, `idle in transaction` and so on.
    pub state: String,
    /// How long its transaction has been open, in seconds.
    pub seconds: u64,
}

impl fmt::Display for Blocker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pid, user, application, state, seconds } = self;
        write!(f, "process {pid} of {user} ({application}) is {state}, its transaction is {seconds} s old")
    }
}

/// Why row security could not be applied. Unless the connection was lost, nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The files of the plan hold something that does not belong there.
    #[error(transparent)]
    Script(#[from] ScriptError),
    /// The plan was made for another database.
    #[error("the plan is for {planned}, and this is {found}")]
    OtherTarget {
        /// What the plan says.
        planned: Box<TargetIdentity>,
        /// What the server says.
        found: Box<TargetIdentity>,
    },
    /// Somebody changed the database since the plan was made.
    #[error("the schema changed since the plan was made")]
    CatalogChanged,
    /// Others held their locks for too long.
    #[error("{}", busy(failure, *tries, *waited, blockers))]
    Busy {
        /// The statement that waited last.
        failure: Box<SqlFailure>,
        /// How often it was tried.
        tries: u32,
        /// For how long.
        waited: Duration,
        /// Who held a lock on its table when we gave up.
        blockers: Vec<Blocker>,
    },
    /// A statement of a file failed.
    #[error("{failure}")]
    Statement {
        /// Which, and why.
        failure: Box<SqlFailure>,
    },
    /// The server could not be asked, or the connection broke.
    #[error("{0}")]
    Database(DbError),
}

fn busy(failure: &SqlFailure, tries: u32, waited: Duration, blockers: &[Blocker]) -> String {
    let mut text = format!("locks could not be had in {} tries over {:.1} s: {failure}", tries, waited.as_secs_f64());
    for blocker in blockers {
        text.push('\n');
        text.push_str(&blocker.to_string());
    }
    text
}

impl From<SqlFailure> for ApplyError {
    fn from(failure: SqlFailure) -> Self {
        Self::Statement { failure: Box::new(failure) }
    }
}

impl From<DbError> for ApplyError {
    fn from(error: DbError) -> Self {
        Self::Database(error)
    }
}

impl ApplyError {
    /// What to do next; the CLI prints it under the error.
    pub fn help(&self) -> String {
        match self {
            Self::Script(error) => error.help(),
            Self::OtherTarget { .. } => "make a new plan for this database".to_owned(),
            Self::CatalogChanged => {
                "somebody else changed the database: run the command again, it makes a new plan".to_owned()
            }
            Self::Busy { blockers, .. } => match blockers.first() {
                Some(Blocker { pid, .. }) => format!(
                    "nothing was changed; run the same command again when that transaction is over, or end it with \
                     `select pg_terminate_backend({pid})`"
                ),
                None => "nothing was changed; run the same command again when the database is less busy".to_owned(),
            },
            Self::Statement { failure } => {
                failure.help().unwrap_or_else(|| "nothing was changed; correct the file and run it again".to_owned())
            }
            Self::Database(error) => error.help().unwrap_or_else(|| {
                "run the same command again: policy files can be run any number of times".to_owned()
            }),
        }
    }
}
