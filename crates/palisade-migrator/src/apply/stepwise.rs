//! Migrations without transaction: unit by unit, each noted before and after.

use std::time::Instant;

use palisade_db::{BatchError, DbError, SqlFailure, SqlText, batch, batch_with};
use palisade_plan::MigrationStep;
use palisade_sql::{SqlState, split};

use super::Apply;
use super::transactional::HISTORY_TOUCHED;
use crate::error::ApplyCause;
use crate::journal::{AS_OURSELVES, Mark, literal};
use crate::migration::Version;
use crate::recover::{Found, Recovery, look};
use crate::unit::{Alone, Unit, UnitKind, digest, units};

/// How often one unit is taken up again after the connection broke.
const RECONNECTS: usize = 3;

/// One file under way.
struct File<'s> {
    step: &'s MigrationStep,
    units: Vec<Unit<'s>>,
    /// How far it is for good, as the database knows it.
    mark: Mark,
}

/// What became of one unit.
enum Tried {
    Done,
    /// It must run outside transactions; it did nothing yet.
    NeedsNoTransaction,
    Failed(BatchError),
}

impl Apply<'_> {
    /// Runs a file from where the last run left it.
    pub(super) async fn stepwise(&mut self, step: &MigrationStep) -> Result<(), ApplyCause> {
        let began = Instant::now();
        let statements = split(&step.sql).unwrap_or_default();
        // `check` has cut it before.
        let units = units(&step.sql, &statements).unwrap_or_default();
        let mark = self.resume(step, &units)?;
        let mut file = File { step, units, mark };
        let first = self.done.is_empty();
        let reset = self.session.connection().reset_sql();
        let note = self.journal().begin(step, &file.mark);
        self.send(&format!("{reset}{note}")).await?;
        if first {
            self.compare_before(step).await?;
        }
        while file.mark.units_done < file.units.len() {
            self.unit(&mut file).await?;
        }
        self.finish(step).await?;
        self.ends(step, began.elapsed());
        Ok(())
    }

    /// The first step of a plan that begins with a file without transaction: the nearest to "inside" that there is.
    async fn compare_before(&mut self, step: &MigrationStep) -> Result<(), ApplyCause> {
        if self.history.attempt(Version(step.version)).is_some_and(|it| it.units_done > 0 || it.under_way) {
            // Half of the file is in the catalog, the plan was made on that.
            tracing::debug!(version = step.version, "resumed, compared all the same");
        }
        self.send("begin").await?;
        self.check_catalog().await?;
        self.send("rollback").await.map(drop)
    }

    fn resume(&mut self, step: &MigrationStep, units: &[Unit<'_>]) -> Result<Mark, ApplyCause> {
        let attempt = self.history.attempt(Version(step.version)).filter(|it| it.reverts == step.reverts);
        let Some(attempt) = attempt else {
            return Ok(Mark::default());
        };
        let done = attempt.units_done;
        if done == 0 && !attempt.under_way {
            return Ok(Mark::default());
        }
        let edited = ApplyCause::EditedHalfway { file: step.file.clone(), done };
        let same = units.get(..done).is_some_and(|it| digest(it) == attempt.units_digest || done == 0);
        if !same {
            return Err(edited);
        }
        let mark = Mark {
            units_done: done,
            units_digest: attempt.units_digest.clone(),
            under_way: attempt.under_way,
            found_before: attempt.found_before,
        };
        (self.progress)(super::Progress::Resumes { done });
        Ok(mark)
    }

    /// Does one unit, whatever was left of it.
    async fn unit(&mut self, file: &mut File<'_>) -> Result<(), ApplyCause> {
        let unit = file.units[file.mark.units_done].clone();
        (self.progress)(super::Progress::Statement { sql: unit.text });
        let mut kind = unit.kind.clone();
        if file.mark.under_way && matches!(kind, UnitKind::Transaction { .. }) {
            // Only outside transactions is a beginning noted: the run before had found out that this one needs that.
            kind = UnitKind::Alone(Alone::Unknown);
        }
        let mut reconnects = 0;
        loop {
            let tried = match &kind {
                UnitKind::Setting => self.setting(file, &unit).await,
                UnitKind::Transaction { begin } => self.in_transaction(file, &unit, begin.as_deref()).await,
                UnitKind::Alone(alone) => match self.alone(file, &unit, alone).await {
                    Ok(tried) => tried,
                    Err(Stop::Cause(cause)) => return Err(cause),
                    Err(Stop::Database(error)) => Tried::Failed(BatchError { commands: 0, error }),
                },
            };
            let failed = match tried {
                Tried::Done => return Ok(()),
                Tried::NeedsNoTransaction => {
                    kind = UnitKind::Alone(Alone::Unknown);
                    continue;
                }
                Tried::Failed(failed) => failed,
            };
            if !failed.error.ends_connection() {
                return Err(self.stopped(file, &unit, failed).await);
            }
            reconnects += 1;
            if reconnects > RECONNECTS {
                return Err(ApplyCause::Lost { file: file.step.file.clone(), error: failed.error });
            }
            self.reconnect(&file.step.file, &failed.error).await?;
            let before = file.mark.units_done;
            self.read_mark(file).await?;
            if file.mark.units_done > before {
                return Ok(());
            }
        }
    }

    async fn setting(&mut self, file: &mut File<'_>, unit: &Unit<'_>) -> Tried {
        let next = file.next();
        // The setting is tried first, so that a wrong one is an error of the file and not of a later unit.
        let prefix = format!("begin;\n{}", file.settings());
        let sql = format!("{prefix}{};\nrollback;\n{}", unit.text, self.journal().mark(file.step, &next));
        match batch(self.session.connection(), &sql).await {
            Ok(_) => {
                file.mark = next;
                Tried::Done
            }
            Err(failed) => {
                Tried::Failed(BatchError { commands: 0, error: shifted(failed.error, prefix.chars().count()) })
            }
        }
    }

    /// The unit and the note that it is done, in one transaction: both or neither.
    async fn in_transaction(&mut self, file: &mut File<'_>, unit: &Unit<'_>, begin: Option<&str>) -> Tried {
        let next = file.next();
        // The settings in a transaction of their own: they read, and after that no other can be made serializable.
        let reset = self.session.connection().reset_sql();
        let prefix = format!("begin;\n{reset}{}commit;\n{};\n", file.settings(), begin.unwrap_or("begin"));
        let sql = format!(
            "{prefix}{}\n;\nset constraints all immediate;\n{AS_OURSELVES}{}{}commit;\n{AS_OURSELVES}",
            unit.text,
            self.journal().mark(file.step, &next),
            self.history_is(&self.applied.iter().copied().collect::<Vec<_>>())
        );
        match batch_with(self.session.connection(), &sql, drop).await {
            Ok(_) => {
                file.mark = next;
                Tried::Done
            }
            Err(failed) => {
                if !failed.error.ends_connection() {
                    let _ = batch(self.session.connection(), "rollback").await;
                }
                let code = failed.error.sqlstate();
                let alone = code == Some(SqlState::ACTIVE_SQL_TRANSACTION)
                    || code == Some(SqlState::INVALID_TRANSACTION_TERMINATION);
                if alone && begin.is_none() {
                    return Tried::NeedsNoTransaction;
                }
                let commands_before = split(&prefix).map_or(0, |it| it.len());
                Tried::Failed(BatchError {
                    commands: failed.commands.saturating_sub(commands_before),
                    error: shifted(failed.error, prefix.chars().count()),
                })
            }
        }
    }

    /// A statement outside transactions: noted as begun, run, noted as done.
    async fn alone(&mut self, file: &mut File<'_>, unit: &Unit<'_>, alone: &Alone) -> Result<Tried, Stop> {
        let found = self.look(file, alone).await?;
        if file.mark.under_way {
            match found.recovery(alone, file.mark.found_before) {
                Recovery::Done => return self.note_done(file).await.map(|()| Tried::Done),
                Recovery::Again => {}
                Recovery::Undecided => {
                    return Err(Stop::Cause(ApplyCause::Undecided {
                        file: file.step.file.clone(),
                        version: Version(file.step.version),
                        statement: unit.text.to_owned(),
                    }));
                }
            }
        }
        for cleanup in found.cleanup() {
            (self.progress)(super::Progress::CleansUp { object: &cleanup.object });
            self.outside(&cleanup.sql).await.map_err(|it| Stop::Database(it.error))?;
        }
        if found.finishes(alone) {
            return self.note_done(file).await.map(|()| Tried::Done);
        }
        file.mark = Mark { under_way: true, found_before: found.valid_index(), ..file.mark.clone() };
        let note = self.journal().mark(file.step, &file.mark);
        let reset = self.session.connection().reset_sql();
        let sql = format!("{reset}{note}{}", file.settings());
        batch(self.session.connection(), &sql).await.map_err(|it| Stop::Database(it.error))?;
        match self.outside(unit.text).await {
            Ok(()) => self.note_done(file).await.map(|()| Tried::Done),
            Err(failed) => Ok(Tried::Failed(failed)),
        }
    }

    /// Fails unless exactly these versions are in the history: a statement of the file may have changed it.
    fn history_is(&self, versions: &[i64]) -> String {
        let assertion = self.journal().assert_versions(versions, HISTORY_TOUCHED);
        format!("do {};\n", literal(&format!("begin\n{assertion}end")))
    }

    async fn look(&mut self, file: &File<'_>, alone: &Alone) -> Result<Found, Stop> {
        let reset = self.session.connection().reset_sql();
        let prefix = format!("{reset}{}", file.settings());
        look(self.session.connection(), &prefix, alone).await.map_err(Stop::Database)
    }

    async fn outside(&mut self, sql: &str) -> Result<(), BatchError> {
        batch_with(self.session.connection(), sql, drop).await.map(drop)
    }

    async fn note_done(&mut self, file: &mut File<'_>) -> Result<(), Stop> {
        let next = file.next();
        let note = format!("{AS_OURSELVES}{}", self.journal().mark(file.step, &next));
        batch(self.session.connection(), &note).await.map_err(|it| Stop::Database(it.error))?;
        file.mark = next;
        Ok(())
    }

    /// After a reconnection: how far the database says we are.
    async fn read_mark(&mut self, file: &mut File<'_>) -> Result<(), ApplyCause> {
        let history = self.still_alone().await?;
        let attempt = self.own_attempt(&history, file.step)?;
        file.mark = Mark {
            units_done: attempt.units_done,
            units_digest: attempt.units_digest.clone(),
            under_way: attempt.under_way,
            found_before: attempt.found_before,
        };
        Ok(())
    }

    async fn stopped(&mut self, file: &File<'_>, unit: &Unit<'_>, failed: BatchError) -> ApplyCause {
        let BatchError { commands, error } = failed;
        let touched = error.sqlstate().is_some_and(|it| it.as_str() == HISTORY_TOUCHED);
        let statement = unit.statement + if touched { 0 } else { commands };
        // The server has said how the statement ended, so the next run need not find out.
        let mark = Mark { under_way: false, ..file.mark.clone() };
        let note = format!(
            "{AS_OURSELVES}{}{}",
            self.journal().mark(file.step, &mark),
            self.journal().failed(file.step, &error, Some(statement))
        );
        if let Err(error) = batch(self.session.connection(), &note).await {
            tracing::warn!(error = %error.error, "the failed try could not be noted");
        }
        if touched {
            return ApplyCause::HistoryTouched { file: file.step.file.clone() };
        }
        let sql = &file.step.sql;
        let start = split(sql).ok().and_then(|it| it.get(statement).map(|it| it.start)).unwrap_or(unit.start);
        // Positions count from the unit's text; the failure counts from the file's.
        let before = sql[..unit.start].chars().count();
        let error = moved(error, before);
        let failure = Box::new(SqlFailure::new(SqlText { file: &file.step.file, text: sql }, error, 0, Some(start)));
        ApplyCause::StoppedHalfway {
            file: file.step.file.clone(),
            done: file.mark.units_done,
            all: file.units.len(),
            failure,
        }
    }

    /// Writes the history, once all units are done.
    async fn finish(&mut self, step: &MigrationStep) -> Result<(), ApplyCause> {
        let reset = self.session.connection().reset_sql();
        let as_noted = self.history_is(&self.versions_with(step));
        let sql = format!("{reset}begin;\n{}{as_noted}commit", self.journal().succeeded(step));
        let error = match batch(self.session.connection(), &sql).await {
            Ok(_) => return Ok(()),
            Err(failed) => failed.error,
        };
        if !error.ends_connection() {
            let _ = batch(self.session.connection(), "rollback").await;
            let touched = error.sqlstate().is_some_and(|it| it.as_str() == HISTORY_TOUCHED);
            let file = step.file.clone();
            return Err(if touched { ApplyCause::HistoryTouched { file } } else { ApplyCause::Journal(error) });
        }
        self.reconnect(&step.file, &error).await?;
        let history = self.load().await?;
        if history.versions() == self.versions_with(step) {
            return Ok(());
        }
        self.check_alone(&history)?;
        self.own_attempt(&history, step)?;
        let again = format!("begin;\n{}commit", self.journal().succeeded(step));
        self.send(&again).await.map(drop)
    }
}

/// Why a statement outside transactions was not even tried.
enum Stop {
    Database(DbError),
    Cause(ApplyCause),
}

impl File<'_> {
    /// The settings of the session that the file has made so far, to be made again before every unit: our own notes are
    /// written without them.
    fn settings(&self) -> String {
        let done = self.units.iter().take(self.mark.units_done);
        done.filter(|it| it.kind == UnitKind::Setting).flat_map(|it| [it.text, ";\n"]).collect()
    }

    /// The mark behind the unit that is next.
    fn next(&self) -> Mark {
        let units_done = self.mark.units_done + 1;
        Mark { units_done, units_digest: digest(&self.units[..units_done]), under_way: false, found_before: None }
    }
}

/// The same error with its position counted from behind `characters`.
fn shifted(error: DbError, characters: usize) -> DbError {
    with_position(error, |it| it.checked_sub(characters))
}

/// The same error with its position counted from `characters` before.
fn moved(error: DbError, characters: usize) -> DbError {
    with_position(error, |it| Some(it + characters))
}

fn with_position(error: DbError, change: impl FnOnce(usize) -> Option<usize>) -> DbError {
    match error {
        DbError::Server(mut server) => {
            server.position = server.position.and_then(change);
            DbError::Server(server)
        }
        other => other,
    }
}
