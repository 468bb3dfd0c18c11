//! The environment that a command works on.

use crate::{CommandError, Printer};
use palisade_config::{DatabaseUrl, Endpoint, Environment, Project, Variables};
use palisade_db::{ConnectSettings, Connection, Holder, Session, connect};
use palisade_embedded::{EmbeddedSettings, dev};
use palisade_plan::ProtectedError;
use std::time::Duration;

/// The environment that a command works on, with what its settings are read from.
#[derive(Debug)]
pub struct Selection {
    /// The project it belongs to.
    pub project: Project,
    /// Its settings.
    pub environment: Environment,
    /// Where its secrets may be.
    pub variables: Variables,
}

impl Selection {
    /// Where local Postgres is looked for and kept.
    pub fn embedded(&self) -> EmbeddedSettings {
        let mut settings = EmbeddedSettings::new(&self.project.root, &self.variables);
        settings.grants = self.environment.supabase.grants;
        settings
    }

    /// How to reach the environment's database, around any pooler. Where that is the embedded server, it is started.
    ///
    /// # Errors
    ///
    /// When the configuration names no database, or another one than it must be, or the server does not start.
    pub async fn reach(&self, printer: &Printer) -> Result<ConnectSettings, CommandError> {
        let url = match self.environment.direct_endpoint(&self.variables)? {
            Endpoint::Url(url) => url,
            Endpoint::Embedded => {
                let url = self.start(printer).await?.url;
                self.environment.check_unclaimed(&url, "url", "the embedded server")?;
                url
            }
        };
        Ok(self.settings(url))
    }

    /// As [`reach`](Self::reach), and starts nothing: `None` when the embedded server does not run.
    ///
    /// # Errors
    ///
    /// When the configuration names no database, or another one than it must be.
    pub async fn look(&self) -> Result<Option<ConnectSettings>, CommandError> {
        let url = match self.environment.direct_endpoint(&self.variables)? {
            Endpoint::Url(url) => Some(url),
            Endpoint::Embedded => dev::url(&self.embedded()).await?,
        };
        Ok(url.map(|it| self.settings(it)))
    }

    /// Connects to the environment's database, around any pooler. Where that is the embedded server, it is started.
    ///
    /// # Errors
    ///
    /// As [`reach`](Self::reach), and when the database cannot be connected to.
    pub async fn connect(&self, printer: &Printer) -> Result<Connection, CommandError> {
        let connection = connect(&self.reach(printer).await?).await?;
        let facts = connection.facts();
        tracing::info!(version = %facts.version, user = facts.user, pid = facts.backend_pid, "connected");
        Ok(connection)
    }

    /// A connection that holds Palisade's lock on the database: for everything that writes.
    pub(crate) async fn session(&self, printer: &Printer, wait: Duration) -> Result<Session, CommandError> {
        let connection = self.connect(printer).await?;
        // The database may say of itself that it belongs to another environment, which is protected.
        connection.facts().target(&self.environment).check_belongs().map_err(ProtectedError::Database)?;
        self.lock(connection, printer, wait).await
    }

    /// Takes the lock, whoever the database says it belongs to.
    pub(crate) async fn lock(
        &self,
        connection: Connection,
        printer: &Printer,
        wait: Duration,
    ) -> Result<Session, CommandError> {
        let waiting = |holder: Option<&Holder>| {
            let who = holder.map_or_else(String::new, |it| format!(" ({}, {})", it.application, it.address));
            printer.note(&format!("Waiting for another run of Palisade on this database{who}"));
        };
        Ok(Session::acquire(connection, wait, waiting).await?)
    }

    /// Refuses before anything is connected; the proof that writing asks for is [`Self::unprotected`].
    pub(crate) fn refuse_if_protected(&self, action: &'static str) -> Result<(), CommandError> {
        if self.environment.protected {
            let environment = self.environment.name.to_string();
            return Err(ProtectedError::Environment { environment, action }.into());
        }
        Ok(())
    }

    /// Starts the embedded server, and says so.
    pub(crate) async fn start(&self, printer: &Printer) -> Result<dev::Started, CommandError> {
        let started = dev::start(&self.embedded()).await?;
        if let Some(installation) = &started.installation {
            printer.note(&format!(
                "Started the local server: Postgres {}, {}",
                installation.version,
                place(&started.url)
            ));
        }
        if let Some(port) = started.moved_from {
            printer.warn(&format!("the local server has moved from port {port}, which somebody else uses now"));
        }
        Ok(started)
    }

    fn settings(&self, url: DatabaseUrl) -> ConnectSettings {
        ConnectSettings::for_environment(&self.environment, url)
    }
}

/// Host, port and database: what may be said of a URL everywhere.
pub(crate) fn place(url: &DatabaseUrl) -> String {
    url.identity().to_string()
}
