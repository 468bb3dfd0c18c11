//! A backup that goes back onto a protected target.

use std::time::Duration;

use palisade_backup::{RestoreError, RestoreOptions, RestoreProgress, Restored, Swapped, restore, restore_swapped};
use palisade_config::Environment;
use palisade_db::{ConnectError, Connection, DbError, LockError, Session, connect, protect};
use palisade_migrator::{HistoryTables, Run, load, record_restore};
use palisade_plan::{ApprovedPlan, Gate, GateVerdict, Plan, RestorePlace, RestoreStep, Step, Verdict};

use crate::propose::{ProposeError, finish};

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
    finish(connection, environment, &history, vec![Step::Restore(step)]).await
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
/// database, backup or way; then a note in what is there now that it is protected, and one of who has done this.
///
/// A restore that renames databases gives the lock back first: the session that holds it would be in the way.
///
/// # Errors
///
/// [`ExecuteRestoreError`]; but for [`NotNoted`](ExecuteRestoreError::NotNoted), as [`restore`] and [`restore_swapped`] leave the target.
pub async fn execute_restore(
    mut session: Session,
    approved: ApprovedPlan,
    options: RestoreOptions,
    context: &RestoreContext<'_>,
    progress: impl FnMut(RestoreProgress) + Send,
) -> Result<RestoreDone, ExecuteRestoreError> {
    let RestoreContext { environment, tables, run: _, terminate } = *context;
    let changed = || ExecuteRestoreError::Changed { environment: environment.name.to_string() };
    let Some(step) = approved.plan().restore().cloned() else { return Err(changed()) };
    let place = step.place;
    let now = restore_plan(session.connection(), environment, tables, step).await;
    if now.map_err(ExecuteRestoreError::Propose)?.digest() != *approved.digest() {
        return Err(changed());
    }
    let options = RestoreOptions { target: options.target.approved(approved.clone()), ..options };
    let failed = |it| ExecuteRestoreError::Restore(Box::new(it));
    let name = options.manifest.name.to_string();
    let done = if place == RestorePlace::Beside {
        session.release().await.map_err(ExecuteRestoreError::Database)?.close().await;
        RestoreDone::Beside(Box::pin(restore_swapped(&options, terminate, progress)).await.map_err(failed)?)
    } else {
        let restored = Box::pin(restore(&options, progress)).await;
        if let Err(error) = &restored {
            record(&mut session, &approved, context, &name, Err(&error.to_string())).await;
        }
        let restored = restored.map_err(failed)?;
        // The lock ends with the connection at the latest.
        if let Ok(connection) = session.release().await {
            connection.close().await;
        }
        RestoreDone::Within(restored)
    };
    note(&approved, &options, context).await.map_err(ExecuteRestoreError::NotNoted)?;
    Ok(done)
}

/// Notes in the database what a backup of another time, or of another database, cannot hold.
async fn note(
    approved: &ApprovedPlan,
    options: &RestoreOptions,
    context: &RestoreContext<'_>,
) -> Result<(), NoteError> {
    let RestoreContext { environment, tables: _, run, terminate: _ } = *context;
    let connection = connect(options.target.settings()).await.map_err(NoteError::Connect)?;
    let target = connection.facts().target(environment);
    let mut session = Session::acquire(connection, WAIT, |_| ()).await.map_err(NoteError::Lock)?;
    protect(&mut session, &target, &run.who).await.map_err(NoteError::Database)?;
    record(&mut session, approved, context, &options.manifest.name.to_string(), Ok("restored")).await;
    session.release().await.map_err(NoteError::Database)?.close().await;
    Ok(())
}

/// Notes among the attempts how it went. What happened matters more than that it could not be noted.
async fn record(
    session: &mut Session,
    approved: &ApprovedPlan,
    context: &RestoreContext<'_>,
    backup: &str,
    outcome: Result<&str, &str>,
) {
    let RestoreContext { environment: _, tables, run, terminate: _ } = *context;
    let recorded = record_restore(session.connection(), tables, run, approved, backup, outcome).await;
    if let Err(error) = recorded {
        tracing::warn!(%error, "the restore could not be noted among the attempts");
    }
}
