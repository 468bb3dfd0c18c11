//! One database for a moment.

use palisade_db::{ConnectSettings, Connection, ServerVersion, batch, connect};
use palisade_embedded::{Layer, ScratchDatabase};

use super::error::MakeError;

/// A database that nobody will miss.
#[derive(Debug)]
pub enum Temporary {
    /// On the scratch server.
    Scratch(Box<ScratchDatabase>),
    /// On a server that the user named: how to reach it, and the server's own database.
    Lent(Box<ConnectSettings>, Box<ConnectSettings>),
}

impl Temporary {
    /// How to reach it.
    pub fn settings(&self) -> ConnectSettings {
        match self {
            Self::Scratch(database) => ConnectSettings::new(database.url().clone()),
            Self::Lent(settings, _) => ConnectSettings::clone(settings),
        }
    }

    /// Connects to it.
    ///
    /// # Errors
    ///
    /// [`MakeError`].
    pub async fn connect(&self) -> Result<Connection, MakeError> {
        match self {
            Self::Scratch(database) => database.connect().await.map_err(MakeError::embedded),
            Self::Lent(settings, _) => connect(settings).await.map_err(|it| MakeError::Shadow(Box::new(it))),
        }
    }

    /// Drops it.
    ///
    /// # Errors
    ///
    /// [`MakeError`].
    pub async fn close(self) -> Result<(), MakeError> {
        match self {
            Self::Scratch(database) => database.close().await.map_err(MakeError::embedded),
            Self::Lent(settings, lender) => {
                let sql = format!("drop database if exists {} with (force)", settings.url.database);
                ask(&lender, "drop the database that it lent", &sql).await
            }
        }
    }
}

/// The version of the server that lends.
pub(super) async fn version(lender: &ConnectSettings) -> Result<ServerVersion, MakeError> {
    let connection = connect(lender).await.map_err(|it| MakeError::Shadow(Box::new(it)))?;
    let version = connection.server_version();
    connection.close().await;
    Ok(version)
}

/// A new database on the server of `lender`, with what `layers` make.
pub(super) async fn lent(lender: &ConnectSettings, layers: &[Layer]) -> Result<Temporary, MakeError> {
    // Needs no quotes: small letters, digits and `_`.
    let name = format!("palisade_shadow_{:016x}", rand::random::<u64>());
    ask(lender, "create a database", &format!("create database {name} template template0")).await?;
    let settings = ConnectSettings { url: lender.url.with_database(&name), ..lender.clone() };
    let database = Temporary::Lent(Box::new(settings), Box::new(lender.clone()));
    let filled = fill(&database, layers).await;
    match filled {
        Ok(()) => Ok(database),
        Err(error) => {
            // The first error is the one that matters.
            let _ = database.close().await;
            Err(error)
        }
    }
}

async fn fill(database: &Temporary, layers: &[Layer]) -> Result<(), MakeError> {
    let mut connection = database.connect().await?;
    for layer in layers {
        layer.run(&mut connection).await.map_err(|it| MakeError::embedded(it.into()))?;
    }
    connection.close().await;
    Ok(())
}

async fn ask(lender: &ConnectSettings, action: &'static str, sql: &str) -> Result<(), MakeError> {
    let mut connection = connect(lender).await.map_err(|it| MakeError::Shadow(Box::new(it)))?;
    batch(&mut connection, sql).await.map_err(|it| MakeError::NotLent { action, error: it.error })?;
    connection.close().await;
    Ok(())
}
