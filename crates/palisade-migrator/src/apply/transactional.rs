//! Migrations that run in one transaction.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use palisade_db::{BatchError, DbError, Row, SqlFailure, SqlText, batch, batch_with};
use palisade_plan::MigrationStep;
use palisade_sql::{SqlState, split};

use super::Apply;
use crate::error::ApplyCause;
use crate::journal::{AS_OURSELVES, Mark, literal};

/// Raised by our own check; not a code of Postgres.
const SESSION_MOVED: &str = "PLS01";
const HISTORY_CHANGED: &str = "PLS02";
/// As [`HISTORY_CHANGED`], by the file itself.
pub(super) const HISTORY_TOUCHED: &str = "PLS03";

/// A migration whose transaction is complete and waits for its COMMIT.
pub(super) struct Open<'a> {
    step: &'a MigrationStep,
    /// The transaction's id, for [`pg_xact_status`][docs].
    ///
    /// [docs]: https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-INFO-SNAPSHOT
    xid: String,
    /// How long it took, up to its COMMIT: that is answered together with the next file.
    took: Duration,
}

/// One message, and which part of it is the file.
#[derive(Default)]
struct Message {
    sql: String,
    /// Commands before those of the file.
    commands_before: usize,
    /// Characters before the file.
    characters_before: usize,
    /// Characters up to the end of the file.
    characters_behind: usize,
}

impl Message {
    fn push(&mut self, sql: &str) {
        self.sql.push_str(sql);
    }

    /// Ends what stands before the file.
    fn file(&mut self, text: &str) {
        // What we wrote ourselves can always be split.
        self.commands_before = split(&self.sql).map_or(0, |it| it.len());
        self.characters_before = self.sql.chars().count();
        self.sql.push_str(text);
        // On a line of its own: the file may end in a comment.
        self.sql.push_str("\n;\n");
        self.characters_behind = self.sql.chars().count();
    }

    /// Whether the server's error is about the text of the file.
    fn holds(&self, error: &DbError) -> bool {
        let position = error.server().and_then(|it| it.position);
        position.is_some_and(|it| (self.characters_before..self.characters_behind).contains(&it))
    }
}

impl Apply<'_> {
    /// Runs a file up to its COMMIT, which is left to the next message; commits the one before.
    pub(super) async fn transactional<'s>(
        &mut self,
        step: &'s MigrationStep,
        mut before: Option<Open<'s>>,
        durable: bool,
    ) -> Result<Open<'s>, ApplyCause> {
        let first = self.done.is_empty() && before.is_none();
        let compares = first && self.approved.plan().expects.catalog.is_some();
        if compares {
            // The comparison and the first change are in the same transaction.
            let mut begin = self.begin(step);
            begin.push_str("begin;\n");
            self.send(&begin).await?;
            self.check_catalog().await?;
        }
        loop {
            let mut message = Message::default();
            if before.is_some() {
                message.push("commit;\n");
            }
            if compares {
                message.push(&self.session.connection().reset_sql());
            } else {
                message.push(&self.begin(step));
                message.push("begin;\n");
            }
            self.body(&mut message, step, first, durable);
            let began = Instant::now();
            let (mut xid, mut history, mut history_after) = (None, None, None);
            let sent = batch_with(self.session.connection(), &message.sql, |row| {
                // What the file selects stands between our own answers.
                if xid.is_none() {
                    xid = row.try_get::<String, _>("xid").ok();
                    history = row.try_get::<String, _>("history").ok();
                }
                history_after = row.try_get::<String, _>("history_after").ok();
            })
            .await;
            let Err(error) = sent else {
                self.ended(before.take());
                if history.is_none() || history != history_after {
                    return Err(self.history_touched(step).await);
                }
                return Ok(Open { step, xid: xid.unwrap_or_default(), took: began.elapsed() });
            };
            if error.commands > 0 {
                self.ended(before.take());
                return Err(self.failed(step, error, &message).await);
            }
            if message.holds(&error.error) {
                // The server reads a whole message before it runs any of it: neither the COMMIT nor the note of this try ran.
                if let Some(open) = before.take() {
                    self.once_more(open, &error.error).await?;
                }
                return Err(self.unreadable(step, error.error, &message, compares).await);
            }
            // Not even the first command was answered. With a COMMIT before the file, that one is what matters.
            let Some(open) = before.take() else { return Err(self.failed(step, error, &message).await) };
            self.settle(open, error.error).await?;
        }
    }

    /// Commits what is open.
    pub(super) async fn commit(&mut self, open: Option<Open<'_>>) -> Result<(), ApplyCause> {
        let Some(open) = open else { return Ok(()) };
        match batch(self.session.connection(), "commit").await {
            Ok(_) => {
                self.ended(Some(open));
                Ok(())
            }
            Err(error) => self.settle(open, error.error).await,
        }
    }

    /// Notes the try, in a transaction of its own.
    fn begin(&mut self, step: &MigrationStep) -> String {
        // If a crash of the server loses the note, it loses nothing else: the migration has not begun.
        format!(
            "begin;\n{}set local synchronous_commit = off;\n{}commit;\n",
            self.session.connection().reset_sql(),
            self.journal().begin(step, &Mark::default())
        )
    }

    /// Everything between BEGIN and COMMIT.
    fn body(&mut self, message: &mut Message, step: &MigrationStep, first: bool, durable: bool) {
        if !durable {
            // The last one of a row is durable, and with it all before it.
            message.push("set local synchronous_commit = off;\n");
        }
        message.push(&self.assertions(first));
        let others = self.journal().others(step);
        let _ = writeln!(
            message.sql,
            "select pg_catalog.pg_current_xact_id()::pg_catalog.text as xid, ({others}) as history;"
        );
        message.file(&step.sql);
        message.push("set constraints all immediate;\n");
        message.push(AS_OURSELVES);
        message.push(&self.journal().succeeded(step));
        // The COMMIT is in the next message: a file that changed the history is not committed.
        let _ = writeln!(message.sql, "select ({others}) as history_after;");
    }

    /// What must be true of session and history, checked by the server in the transaction itself.
    fn assertions(&mut self, first: bool) -> String {
        let pid = self.session.connection().facts().backend_pid;
        let mut sql = format!(
            "begin\n  if pg_catalog.pg_backend_pid() <> {pid} then \
             raise exception 'palisade: another server process' using errcode = '{SESSION_MOVED}'; end if;\n"
        );
        if first {
            sql.push_str(&self.journal().assert_versions(&self.approved.plan().expects.applied, HISTORY_CHANGED));
        }
        sql.push_str("end");
        // As a literal: the name of the history may hold what would end a dollar-quoted text.
        format!("do {};\n", literal(&sql))
    }

    fn ended(&mut self, open: Option<Open<'_>>) {
        if let Some(open) = open {
            self.ends(open.step, open.took);
        }
    }

    /// A COMMIT that was not answered with yes: finds out what became of it.
    async fn settle(&mut self, open: Open<'_>, error: DbError) -> Result<(), ApplyCause> {
        let step = open.step;
        if !error.ends_connection() {
            return Err(self.rolled_back(step, error, 0, None).await);
        }
        self.reconnect(&step.file, &error).await?;
        if self.was_committed(&open).await? {
            self.ended(Some(open));
            self.still_alone().await.map(drop)
        } else {
            Err(self.lost(step, error).await)
        }
    }

    /// Asks on the new session, whose lock proves that the old one has ended.
    async fn was_committed(&mut self, open: &Open<'_>) -> Result<bool, ApplyCause> {
        let count = if open.step.reverts { "= 0" } else { "> 0" };
        // The lost message may have begun the next try. After a crash, an id that the server never wrote down is in its
        // future.
        let mut sql = self.journal().close_stale();
        let _ = write!(
            sql,
            "select case when x.id >= pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot()) then 'aborted' \
             else coalesce(pg_catalog.pg_xact_status(x.id), 'unknown') end as status, \
             (select pg_catalog.count(*) from {} m where m.version = {}) {count} as in_history \
             from (select '{}'::pg_catalog.xid8 as id) x",
            self.context.tables.migrations, open.step.version, open.xid
        );
        let done = self.send(&sql).await?;
        let row = done.rows.first().ok_or_else(|| no_answer("the transaction"))?;
        let status: String = row.try_get("status").map_err(|it| ApplyCause::Journal(it.into()))?;
        let in_history: bool = row.try_get("in_history").map_err(|it| ApplyCause::Journal(it.into()))?;
        tracing::info!(xid = open.xid, status, in_history, "asked about a commit whose answer was lost");
        Ok(status == "committed" || (status != "aborted" && in_history))
    }

    /// Runs a migration again whose COMMIT went down with the unreadable file behind it, so that what comes before a wrong
    /// file is applied whatever is wrong with that.
    async fn once_more(&mut self, open: Open<'_>, error: &DbError) -> Result<(), ApplyCause> {
        let lost = self.journal().failed(open.step, error, None);
        self.send(&format!("rollback;\n{AS_OURSELVES}{lost}")).await?;
        let again = Box::pin(self.transactional(open.step, None, true)).await?;
        self.commit(Some(again)).await
    }

    /// A file that the server cannot read.
    async fn unreadable(&mut self, step: &MigrationStep, error: DbError, message: &Message, noted: bool) -> ApplyCause {
        if !noted {
            let note = self.begin(step);
            if let Err(error) = batch(self.session.connection(), &note).await {
                tracing::warn!(error = %error.error, "the failed try could not be noted");
            }
        }
        let position = error.server().and_then(|it| it.position).unwrap_or_default();
        let before = position.saturating_sub(message.characters_before);
        let byte = step.sql.char_indices().nth(before).map_or(step.sql.len(), |(byte, _)| byte);
        let statements = split(&step.sql).unwrap_or_default();
        let statement = statements.iter().rposition(|it| it.start <= byte);
        self.rolled_back(step, error, message.characters_before, statement).await
    }

    async fn failed(&mut self, step: &MigrationStep, failed: BatchError, message: &Message) -> ApplyCause {
        let BatchError { commands, error } = failed;
        if error.ends_connection() {
            return match self.reconnect(&step.file, &error).await {
                // Its COMMIT was never sent.
                Ok(()) => self.lost(step, error).await,
                Err(cause) => cause,
            };
        }
        let code = error.sqlstate().map(|it| it.as_str().to_owned()).unwrap_or_default();
        let ours = commands < message.commands_before;
        if ours {
            let _ = batch(self.session.connection(), "rollback").await;
            return match code.as_str() {
                SESSION_MOVED => ApplyCause::SessionMoved,
                HISTORY_CHANGED => ApplyCause::HistoryChanged,
                _ => ApplyCause::Journal(error),
            };
        }
        let statement = commands - message.commands_before;
        self.rolled_back(step, error, message.characters_before, Some(statement)).await
    }

    /// A file that did something to the history itself.
    async fn history_touched(&mut self, step: &MigrationStep) -> ApplyCause {
        let cause = ApplyCause::HistoryTouched { file: step.file.clone() };
        let error = DbError::Unexpected { reason: cause.to_string() };
        let note = format!("rollback;\n{AS_OURSELVES}{}", self.journal().failed(step, &error, None));
        if let Err(error) = batch(self.session.connection(), &note).await {
            tracing::warn!(error = %error.error, "the failed try could not be noted");
        }
        cause
    }

    async fn rolled_back(
        &mut self,
        step: &MigrationStep,
        error: DbError,
        offset: usize,
        statement: Option<usize>,
    ) -> ApplyCause {
        let statements = split(&step.sql).unwrap_or_default();
        let number = statement.filter(|it| *it < statements.len());
        if statement.is_some() && number.is_none() && error.sqlstate() == Some(SqlState::UNIQUE_VIOLATION) {
            let table = error.server().and_then(|it| it.table.as_deref()).unwrap_or_default();
            if table == self.context.tables.migrations.name.as_str() {
                // Somebody without our lock, such as sqlx, was faster.
                let _ = batch(self.session.connection(), "rollback").await;
                return ApplyCause::HistoryChanged;
            }
        }
        let note = format!("rollback;\n{AS_OURSELVES}{}", self.journal().failed(step, &error, number));
        if let Err(error) = batch(self.session.connection(), &note).await {
            // The migration's own error matters more than that it could not be noted.
            tracing::warn!(error = %error.error, "the failed try could not be noted");
        }
        let start = number.and_then(|it| statements.get(it)).map(|it| it.start);
        let source = SqlText { file: &step.file, text: &step.sql };
        let failure = Box::new(SqlFailure::new(source, error, offset, start));
        ApplyCause::RolledBack { file: step.file.clone(), failure }
    }

    pub(super) async fn send(&mut self, sql: &str) -> Result<palisade_db::Batch, ApplyCause> {
        batch(self.session.connection(), sql).await.map_err(|it| ApplyCause::Journal(it.error))
    }
}

fn no_answer(about: &str) -> ApplyCause {
    ApplyCause::Journal(DbError::Unexpected { reason: format!("no answer about {about}") })
}
