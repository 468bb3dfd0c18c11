//! Why a backup was not restored.

use std::io;

use camino::Utf8PathBuf;
use palisade_db::{ConnectError, DbError};
use palisade_embedded::EmbeddedError;

use crate::name::BackupName;
use crate::restore::TargetError;
use crate::said::Said;
use crate::store::State;

/// Why a backup cannot be trusted.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// Part of it is missing or wrong.
    #[error("`{name}` is not a complete backup: {}", describe(state))]
    NotComplete {
        /// Which.
        name: BackupName,
        /// In what state it is.
        state: State,
    },
    /// The dump cannot be read.
    #[error("`{path}` cannot be read")]
    Read {
        /// The dump.
        path: Utf8PathBuf,
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
    /// The dump is not what was written.
    #[error("`{path}` was changed after it was written: its SHA-256 is {found}, the manifest says {expected}")]
    Changed {
        /// The dump.
        path: Utf8PathBuf,
        /// What the manifest says.
        expected: String,
        /// What it is.
        found: String,
    },
}

fn describe(state: &State) -> &str {
    match state {
        State::Complete(_) => "nothing is wrong with it",
        State::Damaged { reason } => reason,
        State::Running => "it is being written at this moment",
        State::Abandoned => "its writing was interrupted",
    }
}

impl VerifyError {
    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::NotComplete { .. } | Self::Changed { .. } => {
                "take another backup: `cargo xtask backup list` shows what there is".to_owned()
            }
            Self::Read { path, .. } => format!("make `{path}` readable for this user"),
        }
    }
}

/// Why a backup was not restored. The target is unchanged.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The backup cannot be trusted.
    #[error(transparent)]
    Verify(#[from] VerifyError),
    /// The target is the database of a protected environment.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The target cannot be reached.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The target could not be asked.
    #[error("the target did not say what is in it: {0}")]
    Database(DbError),
    /// Something is there, and nobody confirmed that it may go.
    #[error("the database `{database}` is not empty: it has {}", objects.join(", "))]
    NotEmpty {
        /// The database.
        database: String,
        /// A few of its objects.
        objects: Vec<String>,
    },
    /// A dump cannot go back in time.
    #[error("the backup is of Postgres {backup}, the target is an older Postgres {server}")]
    OlderServer {
        /// Version of the server that was backed up.
        backup: String,
        /// Major version of the target.
        server: u32,
    },
    /// There is no `pg_restore` that reads the dump and fits the server.
    #[error("there is no `pg_restore` that fits, and none could be fetched")]
    NoProgram {
        /// Why.
        #[source]
        source: Box<EmbeddedError>,
    },
    /// A program could not be started.
    #[error("`{program}` could not be started")]
    Start {
        /// Which.
        program: Utf8PathBuf,
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
    /// The password could not be handed over.
    #[error("the file that hands the password to `psql` could not be written")]
    Credentials {
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
    /// `pg_restore`, or the `psql` that runs what it writes, did not end well.
    #[error("the backup could not be restored ({status}): {said}")]
    Restore {
        /// How it ended.
        status: String,
        /// What it said.
        said: Said,
    },
}

impl From<DbError> for RestoreError {
    fn from(error: DbError) -> Self {
        Self::Database(error)
    }
}

impl From<EmbeddedError> for RestoreError {
    fn from(source: EmbeddedError) -> Self {
        Self::NoProgram { source: Box::new(source) }
    }
}

impl RestoreError {
    /// What to do next; the CLI prints it under the error.
    pub fn help(&self) -> String {
        match self {
            Self::Verify(error) => error.help(),
            Self::Target(error) => error.help(),
            Self::Connect(error) => error.help(),
            Self::Database(error) => error.help().unwrap_or_else(|| "run the same command again".to_owned()),
            Self::NotEmpty { .. } => {
                "restore into a new, empty database, or confirm that all of this may be dropped".to_owned()
            }
            Self::OlderServer { .. } => "restore into a server of that version or a newer one".to_owned(),
            Self::NoProgram { source } => source.help(),
            Self::Start { program, .. } => format!("check that `{program}` runs, or set `PALISADE_PG_BIN`"),
            Self::Credentials { .. } => {
                "let this user write to the directory for temporary files (`TMPDIR`)".to_owned()
            }
            Self::Restore { said, .. } => {
                said.help().unwrap_or_else(|| "correct that and try again: the target is unchanged".to_owned())
            }
        }
    }
}
