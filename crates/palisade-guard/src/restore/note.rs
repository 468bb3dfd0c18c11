//! What is written into a database that a backup was restored into: whose it is, and who has done this.

use std::time::Duration;

use palisade_backup::RestoreError;
use palisade_config::Environment;
use palisade_db::{ConnectError, ConnectSettings, DbError, LockError, Session, batch, connect, protect};
use palisade_migrator::{HistoryTables, Run, record_restore};
use palisade_plan::ApprovedPlan;

/// How long the lock is waited for that is only needed to note what was done.
const WAIT: Duration = Duration::from_secs(30);

/// Why nothing could be noted.
#[derive(Debug, thiserror::Error)]
pub enum NoteError {
    /// No connection.
    #[error("{0}")]
    Connect(ConnectError),
    /// No lock.
    #[error("{0}")]
    Lock(LockError),
    /// The server said no.
    #[error("{0}")]
    Database(DbError),
}

/// What a backup of another time, or of another database, cannot hold, and what is written into the database that it is now.
#[derive(Clone)]
pub(super) struct Note {
    pub(super) approved: ApprovedPlan,
    pub(super) settings: ConnectSettings,
    pub(super) environment: Environment,
    pub(super) tables: HistoryTables,
    pub(super) run: Run,
    pub(super) backup: String,
}

impl Note {
    async fn write(&self, outcome: Result<&str, &str>) -> Result<(), NoteError> {
        let connection = connect(&self.settings).await.map_err(NoteError::Connect)?;
        let target = connection.facts().target(&self.environment);
        let mut session = Session::acquire(connection, WAIT, |_| ()).await.map_err(NoteError::Lock)?;
        // Whoever wants nothing to be written meanwhile may have set it for the whole database.
        let writable = batch(session.connection(), "set default_transaction_read_only = off").await;
        writable.map_err(|it| NoteError::Database(it.error))?;
        protect(&mut session, &target, &self.run.who).await.map_err(NoteError::Database)?;
        let Self { approved, tables, run, backup, .. } = self;
        if let Err(error) = record_restore(session.connection(), tables, run, approved, backup, outcome).await {
            // What happened matters more than that it could not be noted.
            tracing::warn!(%error, "the restore could not be noted among the attempts");
        }
        session.release().await.map_err(NoteError::Database)?.close().await;
        Ok(())
    }
}

/// A note that is written also where nobody waits for the end of the restore.
pub(super) struct Pending(Option<Note>);

impl Pending {
    pub(super) fn new(note: Note) -> Self {
        Self(Some(note))
    }

    /// Everything is there. Kept until it is written, so that whoever is interrupted meanwhile has one as well.
    pub(super) async fn restored(&mut self) -> Result<(), NoteError> {
        let Some(note) = self.0.clone() else { return Ok(()) };
        let written = note.write(Ok("restored")).await;
        self.0 = None;
        written
    }

    /// Notes why not; of what was refused before it began, there is nothing to note. What happened matters more than that it could not
    /// be noted.
    pub(super) async fn failed(&mut self, error: &RestoreError) {
        let Some(note) = self.0.take() else { return };
        if !matches!(error, RestoreError::Target(_))
            && let Err(error) = note.write(Err(&error.to_string())).await
        {
            tracing::warn!(%error, "the restore that failed could not be noted");
        }
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        let (Some(note), Ok(runtime)) = (self.0.take(), tokio::runtime::Handle::try_current()) else { return };
        runtime.spawn(async move {
            let interrupted =
                "interrupted: it is what it was, or restored, or incomplete if several connections restored it";
            if let Err(error) = note.write(Err(interrupted)).await {
                tracing::warn!(%error, "the restore that was interrupted could not be noted");
            }
        });
    }
}
