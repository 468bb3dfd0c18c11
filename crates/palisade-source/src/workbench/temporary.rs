//! One database for a moment.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use palisade_db::{ConnectSettings, Connection, ServerVersion, batch, connect};
use palisade_embedded::{Layer, ScratchDatabase};

use super::error::MakeError;

/// A server that lends databases, and those that were not given back yet.
#[derive(Debug)]
pub struct Lender {
    pub(super) settings: ConnectSettings,
    lent: Mutex<BTreeSet<String>>,
}

impl Lender {
    pub(super) fn new(settings: ConnectSettings) -> Self {
        Self { settings, lent: Mutex::default() }
    }

    /// A list of names is as it is, whoever panicked.
    fn lent(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.lent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn drop_database(&self, name: &str) -> Result<(), MakeError> {
        let sql = format!("drop database if exists {name} with (force)");
        ask(&self.settings, "drop the database that it lent", &sql).await?;
        self.lent().remove(name);
        Ok(())
    }

    /// Gives back what an error has left.
    pub(super) async fn sweep(&self) {
        let names: Vec<String> = self.lent().iter().cloned().collect();
        for name in names {
            if let Err(error) = self.drop_database(&name).await {
                tracing::warn!(database = name, %error, "a database that was lent is still there");
            }
        }
    }
}

/// A database that nobody will miss.
#[derive(Debug)]
pub enum Temporary {
    /// On the scratch server.
    Scratch(Box<ScratchDatabase>),
    /// On a server that the user named: how to reach it, and the server.
    Lent(Box<ConnectSettings>, Arc<Lender>),
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
            Self::Lent(settings, lender) => lender.drop_database(&settings.url.database).await,
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
pub(super) async fn lent(lender: &Arc<Lender>, layers: &[Layer]) -> Result<Temporary, MakeError> {
    // Needs no quotes: small letters, digits and `_`.
    let name = format!("palisade_shadow_{:016x}", rand::random::<u64>());
    let own = &lender.settings;
    lender.lent().insert(name.clone());
    ask(own, "create a database", &format!("create database {name} template template0")).await?;
    let settings = ConnectSettings { url: own.url.with_database(&name), ..own.clone() };
    let database = Temporary::Lent(Box::new(settings), lender.clone());
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
