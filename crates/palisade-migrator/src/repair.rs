//! Correcting the history by hand, with a word for what is true.

use palisade_db::{DbError, Session, batch};
use palisade_plan::{ApprovedPlan, RepairStep};

use crate::history::{History, HistoryTables, load};
use crate::journal::{AS_OURSELVES, create_tables, literal};
use crate::migration::{Migration, Version};
use crate::run::Run;
use crate::unit::{digest, units};

/// What is true of a migration, against what the history says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repair {
    /// It is not applied: its row goes.
    Forget,
    /// It is applied as its file says: its row is written, or marked as successful.
    Accept,
    /// The file was edited without a change of meaning: its new checksum is noted.
    AcceptEdit,
    /// The statement in which a run was interrupted was done.
    StatementDone,
    /// The statement in which a run was interrupted was not done.
    StatementAgain,
    /// What an interrupted run did was taken back by hand: the file begins anew.
    Restart,
}

impl Repair {
    /// The name of its flag.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Forget => "forget",
            Self::Accept => "accept",
            Self::AcceptEdit => "accept-edit",
            Self::StatementDone => "statement-done",
            Self::StatementAgain => "statement-again",
            Self::Restart => "restart",
        }
    }
}

/// Why the history was not corrected.
#[derive(Debug, thiserror::Error)]
pub enum RepairError {
    /// There is nothing of this sort to correct.
    #[error("`--{}` does not fit migration {version}: {reason}", repair.as_str())]
    DoesNotFit {
        /// What was asked for.
        repair: Repair,
        /// The migration.
        version: Version,
        /// Why not.
        reason: &'static str,
    },
    /// The plan approves something else.
    #[error("the approved plan holds no repair")]
    NotApproved,
    /// The server refused.
    #[error("the history could not be read or written: {0}")]
    Database(DbError),
}

impl RepairError {
    /// What to do next.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::DoesNotFit { .. } => Some("`cargo xtask db-status` shows how each migration stands".to_owned()),
            Self::NotApproved => None,
            Self::Database(error) => error.help(),
        }
    }
}

/// Whether the history says already what `repair` would write. Postgres need not be asked again for that.
pub fn is_needless(repair: Repair, version: Version, history: &History, migrations: &[Migration]) -> bool {
    let row = history.applied.iter().find(|it| it.version == version);
    let file = migrations.iter().find(|it| it.version == version);
    match (repair, row, file) {
        (Repair::Accept | Repair::AcceptEdit, Some(row), Some(file)) => {
            row.success && row.checksum == file.up.checksum()
        }
        _ => false,
    }
}

/// Corrects what the database remembers of one migration; its objects are not touched. The correction is noted among the
/// attempts.
///
/// # Errors
///
/// [`RepairError`]; nothing is changed then.
pub async fn repair(
    session: &mut Session,
    approved: &ApprovedPlan,
    tables: &HistoryTables,
    run: &Run,
    migrations: &[Migration],
    repair: Repair,
) -> Result<(), RepairError> {
    let Some(RepairStep { version, action }) = approved.plan().repair() else { return Err(RepairError::NotApproved) };
    if action != repair.as_str() {
        return Err(RepairError::NotApproved);
    }
    let version = Version(*version);
    let history = load(session.connection(), tables).await.map_err(RepairError::Database)?;
    let migration = migrations.iter().find(|it| it.version == version);
    let change = change(repair, version, &history, migration, tables).map_err(|reason| RepairError::DoesNotFit {
        repair,
        version,
        reason,
    })?;
    // A database that another tool migrated has no tables of ours yet.
    let tables_sql = if history.exists { String::new() } else { create_tables(tables) };
    let note = note(approved, tables, run, version, repair);
    let sql = format!("{AS_OURSELVES}begin;\n{tables_sql}{change}{note}commit");
    match batch(session.connection(), &sql).await {
        Ok(_) => Ok(()),
        Err(failed) => {
            let _ = batch(session.connection(), "rollback").await;
            Err(RepairError::Database(failed.error))
        }
    }
}

fn change(
    repair: Repair,
    version: Version,
    history: &History,
    migration: Option<&Migration>,
    tables: &HistoryTables,
) -> Result<String, &'static str> {
    let row = history.applied.iter().find(|it| it.version == version);
    let file = migration.ok_or("there is no file of this version");
    let halfway = || {
        let attempt = history.attempt(version).ok_or("no run of it was interrupted")?;
        if attempt.under_way || attempt.units_done > 0 { Ok(attempt) } else { Err("nothing of it is half done") }
    };
    let under_way =
        || halfway().and_then(|it| if it.under_way { Ok(it) } else { Err("no statement of it was interrupted") });
    let history_table = &tables.migrations;
    // The last try is the one that counts.
    let set = |assignments: String| {
        format!(
            "update {0} set {assignments} where id = \
             (select pg_catalog.max(a.id) from {0} a where a.version = {version} and a.kind in ('apply', 'revert'));\n",
            tables.attempts
        )
    };
    Ok(match repair {
        Repair::Forget => {
            row.ok_or("it is not in the history")?;
            format!("delete from {history_table} where version = {version};\n")
        }
        Repair::Accept if row.is_some_and(|it| it.success) => {
            return Err("it is applied, from a file that was edited since: `--accept-edit` is for that");
        }
        Repair::Accept if row.is_some() => {
            format!("update {history_table} set success = true where version = {version};\n")
        }
        Repair::Accept => {
            let file = file?;
            format!(
                "insert into {history_table} (version, description, success, checksum, execution_time) \
                 values ({version}, {}, true, pg_catalog.decode('{}', 'hex'), 0);\n",
                literal(&file.description),
                file.up.checksum()
            )
        }
        Repair::AcceptEdit => {
            row.ok_or("it is not in the history")?;
            format!(
                "update {history_table} set checksum = pg_catalog.decode('{}', 'hex') where version = {version};\n",
                file?.up.checksum()
            )
        }
        Repair::StatementDone => {
            let attempt = under_way()?;
            let file = file?;
            let sql = if attempt.reverts {
                &file.down.as_ref().ok_or("there is no file that takes it back")?.sql
            } else {
                &file.up.sql
            };
            let statements = palisade_sql::split(sql).map_err(|_| "its file cannot be read")?;
            let units = units(sql, &statements).map_err(|_| "its file cannot be read")?;
            let done = attempt.units_done + 1;
            let done_units = units.get(..done).ok_or("its file has fewer statements")?;
            set(format!("units_done = {done}, units_digest = {}, under_way = false", literal(&digest(done_units))))
        }
        Repair::StatementAgain => {
            under_way()?;
            set("under_way = false".to_owned())
        }
        Repair::Restart => {
            halfway()?;
            set("units_done = 0, units_digest = '', under_way = false".to_owned())
        }
    })
}

fn note(approved: &ApprovedPlan, tables: &HistoryTables, run: &Run, version: Version, repair: Repair) -> String {
    format!(
        "insert into {} (run, kind, version, description, state, transactional, finished_at, who, git_commit, environment, \
         plan_digest, approval) values ({}, 'repair', {version}, {}, 'done', true, pg_catalog.clock_timestamp(), {}, {}, {}, {}, {});\n",
        tables.attempts,
        literal(&run.id),
        literal(repair.as_str()),
        literal(&run.who),
        run.commit.as_deref().map_or_else(|| "null".to_owned(), literal),
        literal(&approved.plan().target.environment),
        literal(approved.digest().as_str()),
        literal(approved.approval().as_str()),
    )
}
