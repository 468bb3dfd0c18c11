//! Why files did not become a catalog.

use palisade_db::{ConnectError, DbError};
use palisade_embedded::{EmbeddedError, ScratchError};

use crate::load::{LoadError, extension_help, missing_extension};

/// Why files did not become a catalog.
#[derive(Debug, thiserror::Error)]
pub enum MakeError {
    /// There is no database to load them into, or a migration failed on it.
    #[error(transparent)]
    Embedded(Box<EmbeddedError>),
    /// The files of a schema cannot be loaded.
    #[error("{0}")]
    Load(Box<LoadError>),
    /// The scratch database could not be asked.
    #[error("the catalog of the scratch database could not be read: {0}")]
    Read(DbError),
    /// The server that was to lend a database cannot be reached.
    #[error("{0}")]
    Shadow(Box<ConnectError>),
    /// The server that was to lend a database does not.
    #[error("the server of `--shadow` could not {action}: {error}")]
    NotLent {
        /// What was tried.
        action: &'static str,
        /// What it said.
        error: DbError,
    },
}

impl MakeError {
    pub(crate) fn embedded(error: EmbeddedError) -> Self {
        Self::Embedded(Box::new(error))
    }

    /// Whether there is no server at all, so that it does not matter what was to be made on it.
    pub fn lacks_server(&self) -> bool {
        match self {
            Self::Embedded(error) => matches!(**error, EmbeddedError::Installation(_) | EmbeddedError::Server(_)),
            Self::Load(_) | Self::Read(_) | Self::Shadow(_) | Self::NotLent { .. } => false,
        }
    }

    /// What to do next.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Embedded(error) => Some(match &**error {
                EmbeddedError::Scratch(ScratchError::Layer { source, .. }) => match missing_extension(&source.error) {
                    Some(name) => extension_help(&name),
                    None => error.help(),
                },
                _ => error.help(),
            }),
            Self::Load(error) => error.help(),
            Self::Read(error) => error.help(),
            Self::Shadow(error) => Some(error.help()),
            Self::NotLent { error, .. } => Some(error.help().unwrap_or_else(|| {
                "`--shadow` needs a role that may create databases, and nothing of the environment's own is touched"
                    .to_owned()
            })),
        }
    }
}
