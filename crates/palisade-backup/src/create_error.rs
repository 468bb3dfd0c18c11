//! Why there is no new backup.

use std::io;

use camino::Utf8PathBuf;
use palisade_db::{ConnectError, DbError};
use palisade_embedded::EmbeddedError;

use crate::said::Said;
use crate::store::StoreError;

/// Why there is no new backup. The store holds nothing new under a backup's name.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// The database cannot be reached.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The server could not be asked.
    #[error("the server did not say what there is to back up: {0}")]
    Database(DbError),
    /// There is no `pg_dump` for this server.
    #[error("there is no `pg_dump` for this server, and none could be fetched")]
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
    #[error("the file that hands the password to `pg_dump` could not be written")]
    Credentials {
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
    /// The output of `pg_dump` could not be read.
    #[error("the output of `pg_dump` could not be read")]
    Read {
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
    /// `pg_dump` did not end well.
    #[error("`pg_dump` failed ({status}): {said}")]
    Dump {
        /// How it ended.
        status: String,
        /// What it said.
        said: Said,
    },
    /// `pg_dump` reported success, and what it wrote cannot be read.
    #[error("`pg_restore` cannot read the dump: {said}")]
    Unreadable {
        /// What it said.
        said: Said,
    },
    /// The store cannot be written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The manifest could not be put into words.
    #[error("the manifest could not be written down")]
    Manifest {
        /// Why.
        #[source]
        source: serde_json::Error,
    },
}

impl From<DbError> for CreateError {
    fn from(error: DbError) -> Self {
        Self::Database(error)
    }
}

impl From<EmbeddedError> for CreateError {
    fn from(source: EmbeddedError) -> Self {
        Self::NoProgram { source: Box::new(source) }
    }
}

impl CreateError {
    /// What to do next; the CLI prints it under the error.
    pub fn help(&self) -> String {
        let again = || "run the same command again; nothing was left behind".to_owned();
        match self {
            Self::Connect(error) => error.help(),
            Self::Database(error) => error.help().unwrap_or_else(again),
            Self::NoProgram { source } => source.help(),
            Self::Start { program, .. } => format!("check that `{program}` runs, or set `PALISADE_PG_BIN`"),
            Self::Credentials { .. } => {
                "let this user write to the directory for temporary files (`TMPDIR`)".to_owned()
            }
            Self::Dump { said, .. } | Self::Unreadable { said } => said.help().unwrap_or_else(again),
            Self::Store(error) => error.help(),
            Self::Read { .. } | Self::Manifest { .. } => again(),
        }
    }
}
