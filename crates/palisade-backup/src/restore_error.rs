//! Why a backup was not restored.

use std::io;

use camino::Utf8PathBuf;
use palisade_db::{ConnectError, DbError};
use palisade_embedded::EmbeddedError;

use crate::fetch::FetchError;
use crate::restore::TargetError;
use crate::said::Said;

/// Why a backup was not restored. The target is unchanged.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The backup cannot be read, or cannot be trusted.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// What came out of the store is not what the manifest says.
    #[error("the backup is not what its manifest says: {}", problems.join("; "))]
    Different {
        /// In what.
        problems: Vec<String>,
    },
    /// The target's server lacks extensions.
    #[error("the target has no extension {}", extensions.join(", "))]
    ExtensionMissing {
        /// Which.
        extensions: Vec<String>,
    },
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
    /// The programs that were found do not do.
    #[error("`pg_restore` of Postgres {programs} cannot restore this backup into a server of Postgres {server}")]
    Programs {
        /// Their major version.
        programs: u32,
        /// The target's.
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
    #[error("the file that hands the password to `pg_restore` could not be written")]
    Credentials {
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
    /// How `pg_restore` ended is not known.
    #[error("it is not known how `pg_restore` ended")]
    Wait {
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
    /// `pg_restore` did not end well.
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
            Self::Fetch(error) => error.help(),
            Self::Different { .. } => {
                "this backup cannot be trusted: take another one, and look what has touched the store".to_owned()
            }
            Self::ExtensionMissing { .. } => {
                "install the extension on the target's server, or choose with `--schema` what to restore".to_owned()
            }
            Self::Wait { .. } => "look at the target: it is either as it was, or complete".to_owned(),
            Self::Target(error) => error.help(),
            Self::Connect(error) => error.help(),
            Self::Database(error) => error.help().unwrap_or_else(|| "run the same command again".to_owned()),
            Self::NotEmpty { .. } => {
                "restore into a new, empty database, or confirm that all of this may be dropped".to_owned()
            }
            Self::OlderServer { .. } => "restore into a server of that version or a newer one".to_owned(),
            Self::Programs { server, .. } => {
                format!("install the client programs of Postgres {server}: `apt install postgresql-client-{server}`")
            }
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
