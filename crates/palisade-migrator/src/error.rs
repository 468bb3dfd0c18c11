//! What can stop an apply, always with what was done before.

use palisade_db::{DbError, ReconnectError, SqlFailure};
use palisade_plan::TargetIdentity;

use crate::check::CheckError;
use crate::migration::Version;

/// A migration that is done for good.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Done {
    /// Its version.
    pub version: Version,
    /// Its file.
    pub file: String,
    /// How long it took, in milliseconds.
    pub milliseconds: u64,
}

/// An apply that stopped.
#[derive(Debug, thiserror::Error)]
#[error("{cause}")]
pub struct ApplyError {
    /// What was applied before, and stays.
    pub done: Vec<Done>,
    /// Why it stopped.
    pub cause: ApplyCause,
}

/// Why an apply stopped.
#[derive(Debug, thiserror::Error)]
pub enum ApplyCause {
    /// The connection leads to another database than the plan was made for.
    #[error("the plan is for {planned}, and this is {found}")]
    OtherTarget {
        /// Of the plan.
        planned: Box<TargetIdentity>,
        /// Of the connection.
        found: Box<TargetIdentity>,
    },
    /// Somebody applied migrations since the plan was made.
    #[error("the history changed since the plan was made")]
    HistoryChanged,
    /// Somebody changed the schema since the plan was made.
    #[error("the schema changed since the plan was made: {objects}")]
    CatalogChanged {
        /// What differs.
        objects: String,
    },
    /// The server process is not the one that holds the lock.
    #[error("the session was moved to another server process")]
    SessionMoved,
    /// A file that cannot be run as it is.
    #[error("{0}")]
    Check(CheckError),
    /// A migration failed and was undone.
    #[error("{failure}\n`{file}` was rolled back: nothing of it is in the database")]
    RolledBack {
        /// The file.
        file: String,
        /// What the server said.
        failure: Box<SqlFailure>,
    },
    /// A migration without transaction failed; its first part stays.
    #[error("{failure}\n{}", halfway(file, *done, *all))]
    StoppedHalfway {
        /// The file.
        file: String,
        /// How many units are done.
        done: usize,
        /// How many it has.
        all: usize,
        /// What the server said.
        failure: Box<SqlFailure>,
    },
    /// A half-done file was changed in the part that is done.
    #[error("the first {done} units of `{file}` are done, and the file says something else there now")]
    EditedHalfway {
        /// The file.
        file: String,
        /// How many units are done.
        done: usize,
    },
    /// Nobody can know whether a statement outside transactions was done.
    #[error(
        "a run was interrupted in this statement of `{file}`, and nothing in the database tells whether it was done:\n{statement}"
    )]
    Undecided {
        /// The file.
        file: String,
        /// Its version.
        version: Version,
        /// The statement.
        statement: String,
    },
    /// The connection broke; the migration under way was not applied.
    #[error("{error}; `{file}` was not applied, nothing of it is in the database")]
    Lost {
        /// The file.
        file: String,
        /// Why.
        error: DbError,
    },
    /// The connection broke and no new one could be opened: what was under way is not known yet.
    #[error("the connection broke while `{file}` was applied, and no new one could be opened: {source}")]
    NoWayBack {
        /// The file.
        file: String,
        /// Why not.
        #[source]
        source: ReconnectError,
    },
    /// A file changes what the history says of other migrations, or of its own try.
    #[error(
        "`{file}` changes Palisade's own history, so that it would not tell any more what is applied; this was undone"
    )]
    HistoryTouched {
        /// The file.
        file: String,
    },
    /// Palisade's own tables could not be read or written.
    #[error("the history could not be read or written: {0}")]
    Journal(DbError),
}

fn halfway(file: &str, done: usize, all: usize) -> String {
    match done {
        0 => format!("nothing of `{file}` is done for good; the next run tries it again"),
        1 => format!("the first of {all} units of `{file}` is done and stays; the next run goes on behind it"),
        _ => format!("the first {done} of {all} units of `{file}` are done and stay; the next run goes on behind them"),
    }
}

impl ApplyError {
    /// What to do next.
    pub fn help(&self) -> Option<String> {
        self.cause.help()
    }
}

impl ApplyCause {
    /// What to do next.
    pub fn help(&self) -> Option<String> {
        let text = match self {
            Self::OtherTarget { .. } => "check the URL, then make the plan again",
            Self::HistoryChanged | Self::CatalogChanged { .. } => {
                "somebody else changed the database: run the command again, it makes a new plan"
            }
            Self::SessionMoved => {
                "a pooler in transaction mode lies between: give the direct URL (`DIRECT_URL`, or `<NAME>_DIRECT_URL`)"
            }
            Self::Check(error) => return Some(error.help()),
            Self::RolledBack { failure, .. } | Self::StoppedHalfway { failure, .. } => return failure.help(),
            Self::EditedHalfway { .. } => {
                "put the part that is done back as it was (only the rest may change), or take back by hand what was done and \
                 run `cargo xtask db-repair VERSION --restart`"
            }
            Self::Undecided { version, .. } => {
                return Some(format!(
                    "look whether it was done, then say so: `cargo xtask db-repair {version} --statement-done` or \
                     `cargo xtask db-repair {version} --statement-again`"
                ));
            }
            Self::HistoryTouched { .. } => {
                "take out of it what it does to these tables; what is true of a migration is said with `cargo xtask db-repair`"
            }
            Self::Lost { .. } => "check the network and run the command again",
            Self::NoWayBack { .. } => {
                "run the command again when the server can be reached: it finds out what was done"
            }
            Self::Journal(error) => return error.help(),
        };
        Some(text.to_owned())
    }
}
