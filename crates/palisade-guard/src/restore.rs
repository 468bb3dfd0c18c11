//! A backup that goes back onto a protected target.

mod note;

use palisade_backup::{
    RestoreError, RestoreOptions, RestoreProgress, Restored, Swapped, restore_swapped_if, restore_then,
};
use palisade_config::Environment;
use palisade_db::{Connection, DbError, Session, connect, introspect};
use palisade_migrator::{HistoryTables, Run, load};
use palisade_plan::{ApprovedPlan, Expectation, Gate, GateVerdict, Plan, RestorePlace, RestoreStep, Step, Verdict};

use note::{Note, Pending};

pub use note::NoteError;

/// Makes the plan of a restore. Reads only.
///
/// # Errors
///
/// [`DbError`] if the target could not be asked.
pub async fn restore_plan(
    connection: &mut Connection,
    environment: &Environment,
    tables: &HistoryTables,
    step: RestoreStep,
) -> Result<Plan, DbError> {
    let history = load(connection, tables).await?;
    // All schemas: what is not managed goes as well.
    let catalog = introspect::everything(connection).await?;
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
    /// The target could not be asked whether it has changed, or the lock could not be given back.
    #[error("nothing was restored: {0}")]
    Database(DbError),
    /// The restore itself.
    #[error("{0}")]
    Restore(Box<RestoreError>),
    /// Everything is restored, and what is there could not be noted in it.
    #[error("the backup is restored, and that the database is protected could not be noted in it: {0}")]
    NotNoted(NoteError),
}

impl ExecuteRestoreError {
    /// What to do next.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Changed { .. } => Some("run the same command again, read the new plan, and approve that".to_owned()),
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
/// [`ExecuteRestoreError`]; but for [`NotNoted`](ExecuteRestoreError::NotNoted), as [`restore_then`] and [`restore_swapped_if`] leave the
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
    if now.map_err(ExecuteRestoreError::Database)?.digest() != *approved.digest() {
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
    let mut pending = Pending::new(note);
    if step.place == RestorePlace::Beside {
        session.release().await.map_err(ExecuteRestoreError::Database)?.close().await;
        let may_go = async || is_still(&options, environment, tables, step, &approved).await;
        let swapped = Box::pin(restore_swapped_if(&options, terminate, progress, may_go)).await;
        return match swapped {
            Ok(swapped) => {
                pending.restored().await.map(|()| RestoreDone::Beside(swapped)).map_err(ExecuteRestoreError::NotNoted)
            }
            Err(error) => {
                pending.failed(&error).await;
                Err(failed(error))
            }
        };
    }
    let mut noted = Ok(());
    let restored = Box::pin(restore_then(&options, progress, async || {
        // Its lock is wanted for the note.
        drop(session.release().await);
        noted = pending.restored().await;
    }))
    .await;
    match restored {
        Ok(restored) => noted.map(|()| RestoreDone::Within(restored)).map_err(ExecuteRestoreError::NotNoted),
        Err(error) => {
            pending.failed(&error).await;
            Err(failed(error))
        }
    }
}

/// Whether the target is what was approved.
async fn is_still(
    options: &RestoreOptions,
    environment: &Environment,
    tables: &HistoryTables,
    step: RestoreStep,
    approved: &ApprovedPlan,
) -> Result<bool, RestoreError> {
    let mut connection = connect(options.target.settings()).await?;
    let now = restore_plan(&mut connection, environment, tables, step).await?;
    connection.close().await;
    Ok(now.digest() == *approved.digest())
}
