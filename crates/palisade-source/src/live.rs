//! The catalog of a database that runs.

use palisade_catalog::Catalog;
use palisade_db::{ConnectError, ConnectSettings, DbError, connect, introspect};

/// Why a database could not be read.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    /// It cannot be reached.
    #[error("{0}")]
    Connect(Box<ConnectError>),
    /// It did not answer as it should.
    #[error("the catalog of the database could not be read: {0}")]
    Read(DbError),
}

impl LiveError {
    /// What to do next.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Connect(error) => Some(error.help()),
            Self::Read(error) => error.help(),
        }
    }
}

/// Reads everything that users have made in a database, in one snapshot. Writes nothing.
///
/// # Errors
///
/// [`LiveError`]; never an empty catalog instead.
pub async fn read_live(settings: &ConnectSettings) -> Result<Catalog, LiveError> {
    let mut connection = connect(settings).await.map_err(|it| LiveError::Connect(Box::new(it)))?;
    let catalog = introspect::everything(&mut connection).await.map_err(LiveError::Read)?;
    connection.close().await;
    Ok(catalog)
}
