//! A backup that goes back onto a protected target.

use std::time::Duration;

use palisade_backup::{
    RestoreError, RestoreOptions, RestoreProgress, Restored, Swapped, restore_and, restore_swapped_if,
};
use palisade_config::Environment;
use palisade_db::{
    ConnectError, ConnectSettings, Connection, DbError, LockError, Session, batch, connect, introspect, protect,
};
use palisade_migrator::{HistoryTables, Run, load, record_restore};
use palisade_plan::{ApprovedPlan, Expectation, Gate, GateVerdict, Plan, RestorePlace, RestoreStep, Step, Verdict};

use crate::propose::ProposeError;

/// How long the lock is waited for that is only needed to note what was done.
const WAIT: Duration = Duration::from_secs(30);

/// Makes the plan of a restore. Reads only.
///
/// # Errors
///
/// [`ProposeError::Database`] if the target could not be asked.
pub async fn restore_plan(
    connection: &mut Connection,
    environment: &Environment,
    tables: &HistoryTables,
    step: RestoreStep,
) -> Result<Plan, ProposeError> {
    let history = load(connection, tables).await.map_err(ProposeError::Database)?;
    // All schemas: what is not managed goes as well.
    let catalog = introspect::everything(connection).await.map_err(ProposeError::Database)?;
    Ok(Plan {
        target: connection.facts().target(environment),
        expects: Expectation { applied: history.versions(), catalog: Some(catalog.fingerprint()) },
        steps: vec![Step::Restore(step)],
    })
}

/// What the only gate of a restore says: what is there is backed up once the restore is approved. It can be switched off only where
/// the database stays under another name.
pub fn judge_restore(environment: &Environment, step: &RestoreStep) -> Vec<GateVerdict> {
    let off = step.place == RestorePlace::Beside && !environment.gates.backup;
    vec![GateVerdict { gate: Gate::Backup, verdict: if off { Verdict::Off } else { Verdict::Waiting } }]
}

/// What executing a restore needs beside the approved plan.
#[derive(Debug)]
pub struct RestoreContext<'a> {
    /// The environment.
    pub environment: &'a Environment,
    /// Where its history stands.
    pub tables: &'a HistoryTables,
    /// Who runs.
    pub run: &'a Run,
    /// Whether sessions are ended that keep a database from being renamed.
    pub terminate: bool,
}

/// What an approved restore did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RestoreDone {
    /// The backup is in the database.
    Within(Restored),
    /// The backup is in a new database, which has the name of the old one.
    Beside(Swapped),
}

/// A restore that stopped.
#[derive(Debug, thiserror::Error)]
pub enum ExecuteRestoreError {
    /// The target is not what was approved any more; nothing was changed.
    #[error("`{environment}` has changed since the restore was approved, so nothing was restored")]
    Changed {
        /// The environment.
        environment: String,
    },
    /// The target could not be asked whether it has changed; nothing was changed.
    #[error("{0}")]
    Propose(ProposeError),
    /// The lock could not be given back.
    #[error("nothing was restored: {0}")]
    Database(DbError),
    /// The restore itself.
    #[error("{0}")]
    Restore(Box<RestoreError>),
    /// Everything is restored, and what is there could not be noted in it.
    #[error("the backup is restored, and that the database is protected could not be noted in it: {0}")]
    NotNoted(NoteError),
}

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

impl ExecuteRestoreError {
    /// What to do next.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Changed { .. } => Some("run the same command again, read the new plan, and approve that".to_owned()),
            Self::Propose(error) => error.help(),
            Self::Database(error) => error.help(),
            Self::Restore(error) => Some(error.help()),
            Self::NotNoted(_) => Some("the next `cargo xtask db-push` notes it: run one soon".to_owned()),
        }
    }
}

/// Executes an approved restore. Under the lock, whether the target is what was approved; then the restore, which refuses any other
/// database, backup or way; then a note in what is there now that it is protected, and one of who has done this: also where this is
/// dropped in the middle, and the runtime goes on for a moment.
///
/// A restore that renames databases gives the lock back first: the session that holds it would be in the way. It looks once more whether
/// the target is what was approved, right before the rename.
///
/// # Errors
///
/// [`ExecuteRestoreError`]; but for [`NotNoted`](ExecuteRestoreError::NotNoted), as [`restore_and`] and [`restore_swapped_if`] leave the
/// target.
pub async fn execute_restore(
    mut session: Session,
    approved: ApprovedPlan,
    options: RestoreOptions,
    context: &RestoreContext<'_>,
    progress: impl FnMut(RestoreProgress) + Send,
) -> Result<RestoreDone, ExecuteRestoreError> {
    let RestoreContext { environment, tables, run, terminate } = *context;
    let changed = || ExecuteRestoreError::Changed { environment: environment.name.to_string() };
    let Some(step) = approved.plan().restore().cloned() else { return Err(changed()) };
    let now = restore_plan(session.connection(), environment, tables, step.clone()).await;
    if now.map_err(ExecuteRestoreError::Propose)?.digest() != *approved.digest() {
        return Err(changed());
    }
    let options = RestoreOptions { target: options.target.approved(approved.clone()), ..options };
    let failed = |it| ExecuteRestoreError::Restore(Box::new(it));
    let note = Note {
        approved: approved.clone(),
        settings: options.target.settings().clone(),
        environment: environment.clone(),
        tables: tables.clone(),
        run: run.clone(),
        backup: options.manifest.name.to_string(),
    };
    if step.place == RestorePlace::Beside {
        session.release().await.map_err(ExecuteRestoreError::Database)?.close().await;
        let may_go = async || is_still(&options, environment, tables, step, &approved).await;
        let swapped = Box::pin(restore_swapped_if(&options, terminate, progress, may_go)).await.map_err(failed)?;
        note.write(Ok("restored")).await.map_err(ExecuteRestoreError::NotNoted)?;
        return Ok(RestoreDone::Beside(swapped));
    }
    let mut pending = Pending(Some(note.clone()));
    let mut noted = Ok(());
    let restored = Box::pin(restore_and(&options, progress, async || {
        // The session is one of the same database, and has its lock still.
        drop(session.release().await);
        noted = note.write(Ok("restored")).await;
        pending.0 = None;
    }))
    .await;
    // Of what was refused before it began, there is nothing to note.
    if let (Err(error), Some(note)) = (&restored, pending.0.take())
        && !matches!(error, RestoreError::Target(_))
    {
        // What happened matters more than that it could not be noted.
        if let Err(error) = note.write(Err(&error.to_string())).await {
            tracing::warn!(%error, "the restore that failed could not be noted");
        }
    }
    let restored = restored.map_err(failed)?;
    noted.map_err(ExecuteRestoreError::NotNoted)?;
    Ok(RestoreDone::Within(restored))
}

/// Whether the target is what was approved. Whoever cannot be asked is not.
async fn is_still(
    options: &RestoreOptions,
    environment: &Environment,
    tables: &HistoryTables,
    step: RestoreStep,
    approved: &ApprovedPlan,
) -> bool {
    let Ok(mut connection) = connect(options.target.settings()).await else { return false };
    let now = restore_plan(&mut connection, environment, tables, step).await;
    connection.close().await;
    now.is_ok_and(|it| it.digest() == *approved.digest())
}

/// What a backup of another time, or of another database, cannot hold, and what is written into the database that it is now.
#[derive(Clone)]
struct Note {
    approved: ApprovedPlan,
    settings: ConnectSettings,
    environment: Environment,
    tables: HistoryTables,
    run: Run,
    backup: String,
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
struct Pending(Option<Note>);

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
