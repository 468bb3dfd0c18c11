//! Making what is declared true.

mod attempt;

use std::time::Duration;

use palisade_catalog::Fingerprint;
use palisade_db::{Batch, BatchError, Connection, DbError, PgRow, Pooling, Row, batch, introspect, lock_within_sql};
use palisade_plan::{ApprovedPlan, Declared, Foreseen, RowSecurityStep};
use palisade_sql::{Literal, SqlState};
use tokio::time::{Instant, sleep};
use tracing::{debug, warn};

use crate::apply_error::{ApplyError, Blocker};
use crate::change::Change;
use crate::persona::Personas;
use crate::plan::{AccessPlan, Orphans, plan};
use crate::read::{Seen, read_access};
use crate::record::record_sql;
use attempt::{Attempt, Place};

/// How long a run may get in the way of others, and they in its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApplySettings {
    /// The longest wait of one try for one lock. The first try waits 100 ms, each further one twice as long, up to
    /// this: everybody who comes later queues behind us while we wait, so short waits do not stall the application,
    /// and longer ones make an autovacuum give way.
    pub lock_timeout: Duration,
    /// For how long to try again when locks cannot be had.
    pub retry_for: Duration,
}

impl Default for ApplySettings {
    /// Five seconds for a lock, a minute in all.
    fn default() -> Self {
        Self { lock_timeout: Duration::from_secs(5), retry_for: Duration::from_mins(1) }
    }
}

/// What applying needs beside the plan.
#[derive(Debug, Clone, Copy)]
pub struct ApplyContext<'a> {
    /// The managed schemas, whose fingerprint a plan may rely on.
    pub schemas: &'a [String],
    /// Who must still get answers.
    pub personas: &'a Personas,
    /// How long to wait.
    pub settings: ApplySettings,
}

/// What a run did.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Applied {
    /// What is different now; empty if the database was as declared already.
    pub changes: Vec<Change>,
    /// Policies on tables of the files that none of them creates.
    pub orphans: Vec<String>,
    /// How often the statements were sent: more than once if locks could not be had, not at all if there were none.
    pub tries: u32,
}

/// Wait of the first try.
const FIRST_LOCK_TIMEOUT: Duration = Duration::from_millis(100);

/// Makes true what the plan's row security step declares: the statements that are needed for that in one message and one
/// transaction, so that no other session ever sees a table without its policies. A plan without such a step changes nothing. Only
/// tables whose policies change are locked, in the order of their names.
///
/// Needs no session of its own: the lock of the database is taken in the transaction that changes it, so that this works through a
/// pooler in transaction mode as well.
///
/// What the plan relies on is compared in that transaction: that access is still what it was when the statements were made, and,
/// if the plan holds no migration that has checked it, the fingerprint of the catalog. Before the commit every persona is asked
/// for, and behind it the result is read back.
///
/// If a lock cannot be had, or two transactions stand in each other's way, everything is rolled back and tried again.
///
/// # Errors
///
/// [`ApplyError`]. The database is as it was before, unless that says otherwise or the connection was lost: then run again.
pub async fn apply(
    connection: &mut Connection,
    approved: &ApprovedPlan,
    context: ApplyContext<'_>,
) -> Result<Applied, ApplyError> {
    let Some(step) = approved.plan().row_security() else { return Ok(Applied::default()) };
    // A session cannot move to another database, so that it is enough to look once.
    let (planned, found) = (&approved.plan().target.identity, &connection.facts().identity);
    if planned != found {
        return Err(ApplyError::OtherTarget { planned: Box::new(planned.clone()), found: Box::new(found.clone()) });
    }
    let RowSecurityStep { files: _, script, declared, prune, foreseen, read_on: _ } = step;
    let orphans = if *prune { Orphans::Drop } else { Orphans::Keep };
    let mut waiting = Waiting::new(context.settings);
    let seen = read_patiently(connection, &mut waiting).await?;
    let planned = plan(&seen.catalog, declared, orphans)?;
    let record =
        record_sql(script, approved.digest().as_str()).map_err(|it| DbError::Unexpected { reason: it.to_string() })?;
    let left: Vec<String> = planned.orphans.iter().map(ToString::to_string).collect();
    if planned.statements.is_empty() {
        note(connection, &record).await;
        return Ok(Applied { changes: Vec::new(), orphans: left, tries: 0 });
    }
    if let Some(Foreseen { state, statements }) = foreseen
        && (*state != seen.state || *statements != planned.statements)
    {
        return Err(ApplyError::AccessChanged);
    }
    let unchecked = approved.plan().expects.catalog.as_ref();
    let unchecked = unchecked.filter(|_| approved.plan().migrations().next().is_none());
    let expected = unchecked.map(|fingerprint| Expected { fingerprint, schemas: context.schemas });
    // How long reading took says nothing about the locks of others.
    let mut waiting = Waiting::new(context.settings);
    let work = Work { planned: &planned, seen: &seen, record: &record, personas: context.personas, expected };
    let tries = work.run(connection, &mut waiting).await?;
    read_back(connection, declared, orphans).await?;
    Ok(Applied { changes: planned.changes, orphans: left, tries })
}

/// Notes that there was nothing to do, so that the next run need not look. Not being able to costs time only.
async fn note(connection: &mut Connection, record: &str) {
    let lock = lock_within_sql();
    let sql = format!("begin;\nset local search_path = '';\n{lock}{record}commit;\n");
    if let Err(BatchError { error, .. }) = batch(connection, &sql).await {
        debug!(%error, "it cannot be noted that nothing was to do");
        let _ = batch(connection, "rollback").await;
    }
}

/// The catalog that a plan was made on.
#[derive(Debug, Clone, Copy)]
struct Expected<'a> {
    fingerprint: &'a Fingerprint,
    schemas: &'a [String],
}

/// Begins the transaction and compares the catalog in it; the message that follows goes on in the same one.
async fn compare(connection: &mut Connection, expected: Expected<'_>) -> Result<(), ApplyError> {
    batch(connection, "begin").await.map_err(|it| it.error)?;
    let found = introspect::catalog_within(connection, expected.schemas).await?;
    if found.fingerprint() == *expected.fingerprint {
        return Ok(());
    }
    roll_back(connection).await?;
    Err(ApplyError::CatalogChanged)
}

/// One run, however often it is tried.
struct Work<'a> {
    planned: &'a AccessPlan,
    seen: &'a Seen,
    record: &'a str,
    personas: &'a Personas,
    expected: Option<Expected<'a>>,
}

impl Work<'_> {
    async fn run(&self, connection: &mut Connection, waiting: &mut Waiting) -> Result<u32, ApplyError> {
        let reset = match connection.pooling().await? {
            // Whose settings would that be?
            Pooling::Transaction => String::new(),
            _ => connection.reset_sql(),
        };
        let mut tries = 0;
        loop {
            tries += 1;
            if let Some(expected) = self.expected {
                compare(connection, expected).await?;
            }
            let begin = if self.expected.is_some() { "savepoint palisade;\n" } else { "begin;\n" };
            let attempt = Attempt::compose(self, &reset, begin, waiting.lock_timeout)?;
            let Err(BatchError { commands, error }) = batch(connection, &attempt.sql).await else { return Ok(tries) };
            if error.ends_connection() {
                return Err(error.into());
            }
            roll_back(connection).await?;
            let place = attempt.place(commands);
            if is_in_the_way(&error) {
                if waiting.is_over() {
                    return Err(self.busy(connection, place, tries, waiting).await?);
                }
                waiting.pause().await;
                continue;
            }
            return Err(match place {
                Place::Assertion if error.sqlstate().map(|it| it.to_string()).as_deref() == Some(attempt::CHANGED) => {
                    ApplyError::AccessChanged
                }
                Place::Probe => ApplyError::Probe(error),
                Place::Statement(number) => attempt.failure(number, error).into(),
                Place::Assertion | Place::Lock(_) | Place::Ours => error.into(),
            });
        }
    }

    async fn busy(
        &self,
        connection: &mut Connection,
        place: Place,
        tries: u32,
        waiting: &Waiting,
    ) -> Result<ApplyError, DbError> {
        let waited = waiting.started.elapsed();
        let table = match place {
            Place::Lock(number) => self.planned.tables.get(number).map(attempt::qualified),
            Place::Assertion | Place::Probe | Place::Statement(_) | Place::Ours => None,
        };
        let what = match (&table, place) {
            (Some(table), _) => format!("the lock on {table}"),
            (None, Place::Statement(number)) => {
                format!("a lock for `{}`", self.planned.statements.get(number).map_or("", String::as_str))
            }
            (None, _) => "locks".to_owned(),
        };
        let blockers = match table {
            Some(table) => blockers(connection, &table).await?,
            None => Vec::new(),
        };
        Ok(ApplyError::Busy { what, tries, waited, blockers })
    }
}

/// How long was waited, and how long is.
struct Waiting {
    settings: ApplySettings,
    started: Instant,
    lock_timeout: Duration,
}

impl Waiting {
    fn new(settings: ApplySettings) -> Self {
        Self { settings, started: Instant::now(), lock_timeout: FIRST_LOCK_TIMEOUT.min(settings.lock_timeout) }
    }

    fn is_over(&self) -> bool {
        self.started.elapsed() >= self.settings.retry_for
    }

    async fn pause(&mut self) {
        debug!(lock_timeout = ?self.lock_timeout, "a lock could not be had, trying again");
        let left = self.settings.retry_for.saturating_sub(self.started.elapsed());
        // Two that retry in step would meet for ever.
        sleep(rand::random_range(self.lock_timeout / 2..=self.lock_timeout * 2).min(left)).await;
        self.lock_timeout = (self.lock_timeout * 2).min(self.settings.lock_timeout);
    }
}

/// Somebody may hold a table so fast that its policies cannot even be read.
async fn read_patiently(connection: &mut Connection, waiting: &mut Waiting) -> Result<Seen, ApplyError> {
    let mut tries = 0;
    loop {
        tries += 1;
        match read_access(connection).await {
            Err(error) if is_in_the_way(&error) && waiting.is_over() => {
                let (what, waited) = ("a lock for reading policies".to_owned(), waiting.started.elapsed());
                return Err(ApplyError::Busy { what, tries, waited, blockers: Vec::new() });
            }
            Err(error) if is_in_the_way(&error) => waiting.pause().await,
            other => return Ok(other?),
        }
    }
}

/// Whether the target says what was declared.
async fn read_back(connection: &mut Connection, declared: &Declared, orphans: Orphans) -> Result<(), ApplyError> {
    let found = read_access(connection).await?;
    let left = plan(&found.catalog, declared, orphans)?;
    let (here, there) = (found.catalog.server.version / 10_000, declared.catalog.server.version / 10_000);
    if left.statements.is_empty() {
        return Ok(());
    }
    if here != there {
        // Servers of different versions may write the same differently.
        warn!(here, there, statements = ?left.statements, "read back from another version, the result is not the same text");
        return Ok(());
    }
    Err(ApplyError::NotAsDeclared { differences: left.statements })
}

async fn roll_back(connection: &mut Connection) -> Result<(), DbError> {
    batch(connection, "rollback").await.map(|_| ()).map_err(|it| it.error)
}

/// Whether another transaction was in the way, so that trying again can help.
fn is_in_the_way(error: &DbError) -> bool {
    error.sqlstate().is_some_and(|it| [SqlState::LOCK_NOT_AVAILABLE, SqlState::DEADLOCK_DETECTED].contains(&it))
}

/// The sessions that hold a lock on the table, the longest transaction first.
async fn blockers(connection: &mut Connection, table: &str) -> Result<Vec<Blocker>, DbError> {
    let Ok(name) = Literal::new(table) else { return Ok(Vec::new()) };
    let sql = include_str!("apply/blockers.sql").replace("$table", &name.to_string());
    let Batch { rows, .. } = batch(connection, &sql).await.map_err(|it| it.error)?;
    let blocker = |row: &PgRow| -> Result<Blocker, sqlx::Error> {
        Ok(Blocker {
            pid: row.try_get::<String, _>("pid")?.parse().unwrap_or_default(),
            user: row.try_get("user")?,
            application: row.try_get("application")?,
            state: row.try_get("state")?,
            seconds: row.try_get::<String, _>("seconds")?.parse().unwrap_or_default(),
        })
    };
    rows.iter().map(|row| blocker(row).map_err(DbError::from)).collect()
}
