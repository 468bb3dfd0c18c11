//! Why row security could not be applied.

use std::fmt;
use std::time::Duration;

use palisade_db::{DbError, SqlFailure};
use palisade_plan::TargetIdentity;

use crate::persona::PutOnError;
use crate::plan::AccessPlanError;

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

/// Why row security could not be applied. Unless it says otherwise, or the connection was lost, nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// What is declared cannot be made of what is there.
    #[error(transparent)]
    Plan(#[from] AccessPlanError),
    /// The plan was made for another database.
    #[error("the plan is for {planned}, and this is {found}")]
    OtherTarget {
        /// What the plan says.
        planned: Box<TargetIdentity>,
        /// What the server says.
        found: Box<TargetIdentity>,
    },
    /// Somebody changed the schema since the plan was made.
    #[error("the schema changed since the plan was made")]
    CatalogChanged,
    /// Somebody changed policies, rights or their functions since the plan was made.
    #[error("policies, rights or functions changed since the plan was made")]
    AccessChanged,
    /// Others held their locks for too long.
    #[error("{}", busy(what, *tries, *waited, blockers))]
    Busy {
        /// What was waited for last.
        what: String,
        /// How often it was tried.
        tries: u32,
        /// For how long.
        waited: Duration,
        /// Who held a lock on its table when we gave up.
        blockers: Vec<Blocker>,
    },
    /// A statement failed on the target.
    #[error("{failure}")]
    Statement {
        /// Which, and why.
        failure: Box<SqlFailure>,
    },
    /// A persona would get an error where it should get an answer.
    #[error("with these policies the database cannot answer: {0}")]
    Probe(DbError),
    /// A persona cannot be sent.
    #[error("{0}")]
    Persona(#[from] PutOnError),
    /// Everything was committed, and the target says something else than what was declared.
    #[error("everything was applied, and the database is still not what the files declare:\n{}", differences.join("\n"))]
    NotAsDeclared {
        /// What would still have to be done.
        differences: Vec<String>,
    },
    /// The server could not be asked, or the connection broke.
    #[error("{0}")]
    Database(DbError),
}

fn busy(what: &str, tries: u32, waited: Duration, blockers: &[Blocker]) -> String {
    let mut text = format!("{what} could not be had in {tries} tries over {:.1} s", waited.as_secs_f64());
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
            Self::Plan(error) => error.help(),
            Self::OtherTarget { .. } => "make a new plan for this database".to_owned(),
            Self::CatalogChanged | Self::AccessChanged => {
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
            Self::Probe(error) => match error.sqlstate().map(|it| it.to_string()).as_deref() {
                Some("42P17") => {
                    "nothing was changed; a policy reads, through others, the table that it is on: put that read \
                                  into a `security definer` function"
                        .to_owned()
                }
                Some("54001") => {
                    "nothing was changed; a function in a policy calls itself, through the policies of what it \
                                  reads: make it `security definer`"
                        .to_owned()
                }
                _ => "nothing was changed; correct the file, or the persona in `rls/personas.toml`".to_owned(),
            },
            Self::Persona(_) => "correct it in `rls/personas.toml`".to_owned(),
            Self::NotAsDeclared { .. } => {
                "somebody else may be changing it: run the same command again, and look at what `--plan` prints"
                    .to_owned()
            }
            Self::Database(error) => error.help().unwrap_or_else(|| "run the same command again".to_owned()),
        }
    }
}
