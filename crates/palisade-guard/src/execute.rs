//! Executing what was approved.

use std::collections::BTreeSet;

use palisade_db::{Connection, DbError, Session, protect};
use palisade_migrator::{
    ApplyContext, ApplyError, Done, HistoryTables, Run, Version, apply, load, record_row_security,
};
use palisade_plan::ApprovedPlan;
use palisade_rls::{Applied, ApplySettings, Change, Personas};

/// What an execution needs beside session and plan.
#[derive(Debug, Clone, Copy)]
pub struct ExecuteContext<'a> {
    /// Where the history stands.
    pub tables: &'a HistoryTables,
    /// The managed schemas.
    pub schemas: &'a [String],
    /// Who runs.
    pub run: &'a Run,
    /// Who must still get answers from row security.
    pub personas: &'a Personas,
    /// How long row security waits for locks.
    pub row_security: ApplySettings,
}

/// What was done.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Executed {
    /// The migrations, in order.
    pub migrations: Vec<Done>,
    /// What is different in row security.
    pub row_security: Vec<Change>,
    /// Policies on tables of the files that none of them creates.
    pub orphans: Vec<String>,
}

/// What is being done.
#[derive(Debug)]
pub enum Progress<'a> {
    /// In the migrations.
    Migration(palisade_migrator::Progress<'a>),
    /// Row security begins.
    RowSecurity,
}

/// An execution that stopped.
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError {
    /// In the migrations; carries those that were applied.
    #[error("{0}")]
    Migrations(ApplyError),
    /// In row security, behind all migrations of the plan.
    #[error("{source}")]
    RowSecurity {
        /// What was applied before, and stays.
        done: Vec<Done>,
        /// Why it stopped.
        source: Box<palisade_rls::ApplyError>,
    },
    /// That the database belongs to a protected environment could not be written down; nothing was changed.
    #[error("nothing was changed, for it could not be noted in the database that it is protected: {0}")]
    Protect(DbError),
    /// The history does not say what was executed.
    #[error("the history lacks what was just applied: {missing}")]
    NotRecorded {
        /// Which migrations.
        missing: String,
    },
    /// The history does not say what it should after this run.
    #[error("the history says that {found} are applied, and it should be {expected}")]
    HistoryDiffers {
        /// The versions in it.
        found: String,
        /// Those that should be.
        expected: String,
    },
    /// The result could not be read back.
    #[error("everything was applied, and could not be read back: {0}")]
    ReadBack(DbError),
}

impl ExecuteError {
    /// What to do next.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Migrations(error) => error.help(),
            Self::RowSecurity { source, .. } => Some(source.help()),
            Self::Protect(error) => error.help(),
            Self::NotRecorded { .. } | Self::HistoryDiffers { .. } | Self::ReadBack(_) => {
                Some("run `cargo xtask db-status` for the same environment".to_owned())
            }
        }
    }

    /// The migrations that were applied before, and stay.
    pub fn done(&self) -> &[Done] {
        match self {
            Self::Migrations(error) => &error.done,
            Self::RowSecurity { done, .. } => done,
            Self::Protect(_) | Self::NotRecorded { .. } | Self::HistoryDiffers { .. } | Self::ReadBack(_) => &[],
        }
    }
}

/// Executes `approved`: migrations, then row security, then reads back that the history says so. A protected target gets a note
/// first, in the database, that it is one; from then on nobody reaches it as an environment that is not protected.
///
/// # Errors
///
/// [`ExecuteError`] with what was done before.
pub async fn execute(
    session: &mut Session,
    approved: &ApprovedPlan,
    context: ExecuteContext<'_>,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Executed, ExecuteError> {
    let ExecuteContext { tables, schemas, run, personas: _, row_security: _ } = context;
    let target = &approved.plan().target;
    // Another database than the planned one is found, and refused, below.
    if target.identity == session.connection().facts().identity {
        protect(session, target, &run.who).await.map_err(ExecuteError::Protect)?;
    }
    let mut of_migrations = |it: palisade_migrator::Progress<'_>| progress(Progress::Migration(it));
    let applied = apply(session, approved, ApplyContext { tables, schemas, run }, &mut of_migrations)
        .await
        .map_err(ExecuteError::Migrations)?;
    let mut secured = Applied::default();
    if approved.plan().row_security().is_some() {
        progress(Progress::RowSecurity);
        secured = secure(session, approved, context, &applied.done).await?;
    }
    read_back(session, approved, tables).await?;
    let Applied { changes, orphans, tries: _ } = secured;
    Ok(Executed { migrations: applied.done, row_security: changes, orphans })
}

/// Row security alone, of an environment that nothing protects: needs no session, so that it goes through a pooler in transaction
/// mode as well.
///
/// # Errors
///
/// [`ExecuteError::RowSecurity`].
pub async fn execute_row_security(
    connection: &mut Connection,
    approved: &ApprovedPlan,
    context: ExecuteContext<'_>,
) -> Result<Executed, ExecuteError> {
    let outcome = palisade_rls::apply(connection, approved, apply_context(context)).await;
    let Applied { changes, orphans, tries: _ } = noted(connection, approved, context, &[], outcome).await?;
    Ok(Executed { migrations: Vec::new(), row_security: changes, orphans })
}

fn apply_context(context: ExecuteContext<'_>) -> palisade_rls::ApplyContext<'_> {
    let ExecuteContext { tables: _, schemas, run: _, personas, row_security } = context;
    palisade_rls::ApplyContext { schemas, personas, settings: row_security }
}

async fn secure(
    session: &mut Session,
    approved: &ApprovedPlan,
    context: ExecuteContext<'_>,
    done: &[Done],
) -> Result<Applied, ExecuteError> {
    let mut outcome = palisade_rls::apply(session.connection(), approved, apply_context(context)).await;
    if let Err(palisade_rls::ApplyError::Database(error)) = &outcome
        && error.ends_connection()
        && session.reconnect(context.run.reconnect).await.is_ok()
    {
        // If it was committed before the answer was lost, nothing is left to do.
        outcome = palisade_rls::apply(session.connection(), approved, apply_context(context)).await;
    }
    noted(session.connection(), approved, context, done, outcome).await
}

/// Notes among the attempts how it went.
async fn noted(
    connection: &mut Connection,
    approved: &ApprovedPlan,
    context: ExecuteContext<'_>,
    done: &[Done],
    outcome: Result<Applied, palisade_rls::ApplyError>,
) -> Result<Applied, ExecuteError> {
    let said = match &outcome {
        Ok(applied) => Ok(format!("{} changes", applied.changes.len())),
        Err(error) => Err(error.to_string()),
    };
    let said = said.as_deref().map_err(String::as_str);
    if let Err(error) = record_row_security(connection, context.tables, context.run, approved, said).await {
        // What happened matters more than that it could not be noted.
        tracing::warn!(%error, "the run of row security could not be noted among the attempts");
    }
    outcome.map_err(|source| ExecuteError::RowSecurity { done: done.to_vec(), source: Box::new(source) })
}

async fn read_back(session: &mut Session, approved: &ApprovedPlan, tables: &HistoryTables) -> Result<(), ExecuteError> {
    if !approved.plan().target.protected {
        return Ok(());
    }
    let history = load(session.connection(), tables).await.map_err(ExecuteError::ReadBack)?;
    let is_there = |version: i64, checksum: &[u8]| {
        history.applied.iter().any(|it| it.version == Version(version) && it.checksum.0 == checksum && it.success)
    };
    let mut expected: BTreeSet<i64> = approved.plan().expects.applied.iter().copied().collect();
    for step in approved.plan().migrations() {
        if step.reverts {
            expected.remove(&step.version);
        } else {
            expected.insert(step.version);
        }
    }
    if !history.versions().iter().eq(&expected) {
        let list = |versions: Vec<i64>| versions.iter().map(i64::to_string).collect::<Vec<_>>().join(", ");
        let (found, expected) = (list(history.versions()), list(expected.into_iter().collect()));
        return Err(ExecuteError::HistoryDiffers { found, expected });
    }
    let wrong = approved.plan().migrations().filter(|it| is_there(it.version, &it.checksum) == it.reverts);
    let missing: Vec<&str> = wrong.map(|it| it.file.as_str()).collect();
    if missing.is_empty() { Ok(()) } else { Err(ExecuteError::NotRecorded { missing: missing.join(", ") }) }
}
