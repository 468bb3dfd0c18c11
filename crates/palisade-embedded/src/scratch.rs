//! Throwaway databases on a server that forgets.

mod build;
mod database;
mod layer;
mod name;
mod prune;
mod roles;
mod server;
mod spread;
mod template;

use std::sync::{Arc, Mutex};

use palisade_config::DatabaseUrl;
use palisade_db::{ConnectSettings, Connection, DbError, PgRow, batch, connect};
use palisade_sql::SqlState;
use tracing::debug;

use crate::error::{EmbeddedError, ScratchError};
use crate::installation::installation;
use crate::settings::EmbeddedSettings;
pub use database::ScratchDatabase;
pub use layer::Layer;
use name::Name;
pub use server::stop_scratch;

/// The scratch server, and the connection through which we create and drop databases on it.
///
/// All commands and tests of a user share the server; each has a `Scratch` of its own. It belongs to the runtime in
/// which it was opened.
#[derive(Debug, Clone)]
pub struct Scratch {
    server: Arc<Server>,
}

/// What a [`Scratch`] and its databases hold together.
#[derive(Debug)]
struct Server {
    /// Its main database, through the socket if there is one.
    url: DatabaseUrl,
    /// The same through TCP, with the password.
    tcp_url: DatabaseUrl,
    /// Holds an advisory lock for each of our databases. It dies with us, and so do the locks: that is how others know
    /// which databases have lost their owner.
    maintenance: tokio::sync::Mutex<Connection>,
    /// Databases that were dropped without being closed.
    abandoned: Mutex<Vec<Name>>,
}

impl Scratch {
    /// Finds the scratch server of the version that the settings choose, starts it if it does not run, and drops the
    /// databases whose owners were killed.
    ///
    /// # Errors
    ///
    /// [`EmbeddedError::Installation`] if there is no Postgres, [`EmbeddedError::Server`] if it cannot be started,
    /// [`EmbeddedError::Scratch`] if it does not answer.
    pub async fn open(settings: &EmbeddedSettings) -> Result<Self, EmbeddedError> {
        let installation = installation(settings).await?;
        let (url, tcp_url) = server::urls(settings, &installation).await?;
        let maintenance = connect(&connect_settings(url.clone()))
            .await
            .map_err(|source| ScratchError::Connect { source: Box::new(source) })?;
        let server =
            Server { url, tcp_url, maintenance: tokio::sync::Mutex::new(maintenance), abandoned: Mutex::default() };
        server.drop_ownerless().await?;
        Ok(Self { server: Arc::new(server) })
    }

    /// A database of our own that holds what `layers` make, one after the other. Without layers it is empty.
    ///
    /// Databases are copies of templates, which are named after what they hold and kept: the longest beginning of
    /// `layers` that was built before, by whomever, is not built again.
    ///
    /// # Errors
    ///
    /// [`ScratchError::Layer`] if the SQL of a layer fails, with the place; other variants if the server does.
    pub async fn database(&self, layers: &[Layer]) -> Result<ScratchDatabase, EmbeddedError> {
        self.server.drop_abandoned().await?;
        self.server.run("put roles back", include_str!("scratch/restore_roles.sql")).await?;
        Ok(database::create(&self.server, layers).await?)
    }
}

impl Server {
    /// Runs SQL on the maintenance connection.
    async fn run(&self, action: &'static str, sql: &str) -> Result<Vec<PgRow>, ScratchError> {
        self.try_run(sql).await.map_err(|source| ScratchError::Server { action, source: Box::new(source) })
    }

    async fn try_run(&self, sql: &str) -> Result<Vec<PgRow>, DbError> {
        let mut connection = self.maintenance.lock().await;
        batch(&mut connection, sql).await.map(|done| done.rows).map_err(|failure| failure.error)
    }

    /// Drops the databases of ours that nobody will use any more.
    async fn drop_abandoned(&self) -> Result<(), ScratchError> {
        // A panic while pushing onto a list leaves the list as it is.
        let names = std::mem::take(&mut *self.abandoned.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
        for name in names {
            self.drop_owned(&name).await?;
        }
        Ok(())
    }

    /// Drops the databases whose owner is gone.
    async fn drop_ownerless(&self) -> Result<(), ScratchError> {
        for row in self.run("list databases", include_str!("scratch/ownerless.sql")).await? {
            let Some(name) = text(&row, 0).and_then(|it| Name::parse(&it)) else { continue };
            // Its owner may take the lock before he makes the database, and so do we before we drop it.
            let rows = self.run("lock a database", &format!("select {}", name.try_lock_sql())).await?;
            if rows.first().and_then(|row| text(row, 0)).as_deref() == Some("t") {
                debug!(database = %name, "dropping what a killed process left behind");
                self.drop_owned(&name).await?;
            }
        }
        Ok(())
    }

    /// Drops a database whose lock we hold, then the lock.
    async fn drop_owned(&self, name: &Name) -> Result<(), ScratchError> {
        if name.may_be_template() {
            // A builder who was killed in its last step leaves it so; usually it is not, or it is gone already.
            let _no_matter = self.try_run(&format!("alter database {name} with is_template false")).await;
        }
        let drop = format!("drop database if exists {name} with (force)");
        if let Err(source) = self.try_run(&drop).await {
            // Postgres keeps a database that subscribes to something, whatever force is used.
            if source.server().and_then(|it| it.sqlstate) != SqlState::parse("55006") {
                return Err(ScratchError::Server { action: "drop a database", source: Box::new(source) });
            }
            self.drop_subscriptions(name).await?;
            self.run("drop a database", &drop).await?;
        }
        self.run("unlock a database", &format!("select {}", name.unlock_sql())).await?;
        Ok(())
    }

    /// Ends what a database subscribes to, without a word to the publisher.
    async fn drop_subscriptions(&self, name: &Name) -> Result<(), ScratchError> {
        let mut inside = connect(&connect_settings(self.url.with_database(&name.to_string())))
            .await
            .map_err(|source| ScratchError::Connect { source: Box::new(source) })?;
        let failed = |source: DbError| ScratchError::Server { action: "drop subscriptions", source: Box::new(source) };
        let statements = batch(&mut inside, include_str!("scratch/subscriptions.sql")).await;
        for sql in statements.map_err(|it| failed(it.error))?.rows.iter().filter_map(|row| text(row, 0)) {
            batch(&mut inside, &sql).await.map_err(|it| failed(it.error))?;
        }
        Ok(())
    }
}

fn connect_settings(url: DatabaseUrl) -> ConnectSettings {
    // Databases are created under locks that others wait for in turn; a lock timeout would only make that fail.
    ConnectSettings { lock_timeout: std::time::Duration::ZERO, ..ConnectSettings::new(url) }
}

/// A column as text, which is how all values arrive through the simple protocol.
fn text(row: &PgRow, column: usize) -> Option<String> {
    use palisade_db::Row as _;
    row.try_get_unchecked::<Option<String>, _>(column).ok().flatten()
}
