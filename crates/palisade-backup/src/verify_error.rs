//! Why it could not be told whether a backup is good.

use palisade_db::{ConnectError, DbError};
use palisade_embedded::EmbeddedError;
use palisade_store::StoreError;

use crate::fetch::FetchError;
use crate::restore_error::RestoreError;

/// Why it could not be told whether a backup is good.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// It cannot be read now.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The verdict cannot be put beside it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no server to restore it into.
    #[error("there is no server to restore the backup into")]
    NoServer {
        /// Why.
        #[source]
        source: Box<EmbeddedError>,
    },
    /// The server that it was to be restored into cannot be reached.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// That server could not be asked.
    #[error("what was restored could not be read: {0}")]
    Database(DbError),
    /// It could not be restored, for reasons that are not in it.
    #[error(transparent)]
    Restore(Box<RestoreError>),
    /// A check cannot be read.
    #[error("`{path}` cannot be read: {source}")]
    Check {
        /// Which.
        path: camino::Utf8PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
}

impl From<EmbeddedError> for VerifyError {
    fn from(source: EmbeddedError) -> Self {
        Self::NoServer { source: Box::new(source) }
    }
}

impl From<DbError> for VerifyError {
    fn from(error: DbError) -> Self {
        Self::Database(error)
    }
}

impl VerifyError {
    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::Fetch(error) => error.help(),
            Self::Store(error) => error.help(),
            Self::NoServer { source } => source.help(),
            Self::Connect(error) => error.help(),
            Self::Database(error) => error.help().unwrap_or_else(|| "try again".to_owned()),
            Self::Restore(error) => match &**error {
                RestoreError::NoSpace { .. } => {
                    "make room there, verify on another machine, or at level 2, which needs no room".to_owned()
                }
                error => error.help(),
            },
            Self::Check { path, .. } => format!("make `{path}` readable for this user"),
        }
    }
}
