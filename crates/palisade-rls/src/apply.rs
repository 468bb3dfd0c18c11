//! Running the files.

use std::time::Duration;

use palisade_catalog::Fingerprint;
use palisade_db::{Batch, BatchError, Connection, DbError, PgRow, Row, Session, batch, introspect};
use palisade_plan::ApprovedPlan;
use palisade_sql::{Ident, Literal, ObjectName, SqlState};
use tokio::time::{Instant, sleep};
use tracing::debug;

use crate::apply_error::{ApplyError, Blocker};
use crate::message::{End, Message};
use crate::record::{is_current_sql, record_sql};
use crate::script::{PolicyFile, PolicyScript};
use crate::state::{Change, Moment, State};

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

/// What a run did.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Applied {
    /// What is different now; empty if the files say what the database said already.
    pub changes: Vec<Change>,
    /// How often the files were run: more than once if locks could not be had, not at all if nothing can have changed
    /// since the last run.
    pub tries: u32,
}

/// Wait of the first try.
const FIRST_LOCK_TIMEOUT: Duration = Duration::from_millis(100);

/// Whether `script` was the last one that ran here and nothing that it decides has changed since. Writes nothing, and
/// takes no locks but those of reading.
///
/// # Errors
///
/// [`DbError`] if the database could not be asked.
pub async fn is_current(connection: &mut Connection, script: &PolicyScript) -> Result<bool, DbError> {
    let sql = is_current_sql(script.digest()).map_err(|it| DbError::Unexpected { reason: it.to_string() })?;
    match batch(connection, &sql).await {
        Ok(Batch { rows, .. }) => match rows.first() {
            Some(row) => Ok(row.try_get("current")?),
            None => Ok(false),
        },
        Err(BatchError { error, .. }) => {
            if error.ends_connection() {
                return Err(error);
            }
            roll_back(connection).await?;
            let never_ran = [SqlState::UNDEFINED_TABLE, SqlState::parse("3F000").unwrap_or(SqlState::UNDEFINED_TABLE)];
            if error.sqlstate().is_some_and(|it| never_ran.contains(&it)) { Ok(false) } else { Err(error) }
        }
    }
}

/// What running `script` would change. The files run, for the server alone knows what they mean, and are rolled back;
/// their locks are held until then.
///
/// # Errors
///
/// [`ApplyError`], as [`apply`].
pub async fn preview(
    session: &mut Session,
    script: &PolicyScript,
    settings: ApplySettings,
) -> Result<Vec<Change>, ApplyError> {
    let applied = run(session.connection(), script.files(), End::Rollback, settings, None).await?;
    Ok(applied.changes)
}

/// Brings row security to what the files of the plan's row security step say: one message, one transaction, so that
/// no other session ever sees a table without its policies. A plan without such a step changes nothing.
///
/// If the plan relies on a state of the catalog of `schemas` and holds no migration that has checked it, it is checked here, in
/// the transaction that applies the files.
///
/// If a lock cannot be had, or two transactions stand in each other's way, everything is rolled back and tried again.
///
/// # Errors
///
/// [`ApplyError`]. The database is as it was before, unless the connection was lost: then run again, the files are
/// repeatable.
pub async fn apply(
    session: &mut Session,
    approved: &ApprovedPlan,
    schemas: &[String],
    settings: ApplySettings,
) -> Result<Applied, ApplyError> {
    let Some(step) = approved.plan().row_security() else { return Ok(Applied { changes: Vec::new(), tries: 0 }) };
    let script = PolicyScript::from_step(step)?;
    let connection = session.connection();
    // A session cannot move to another database, so that it is enough to look once.
    let (planned, found) = (&approved.plan().target.identity, &connection.facts().identity);
    if planned != found {
        return Err(ApplyError::OtherTarget { planned: Box::new(planned.clone()), found: Box::new(found.clone()) });
    }
    match is_current(connection, &script).await {
        Ok(true) => return Ok(Applied { changes: Vec::new(), tries: 0 }),
        Ok(false) => {}
        // Somebody holds a table so fast that its policies cannot even be read: wait for him below.
        Err(error) if is_in_the_way(&error) => {}
        Err(error) => return Err(error.into()),
    }
    let record = record_sql(script.digest(), approved.digest().as_str())
        .map_err(|it| DbError::Unexpected { reason: it.to_string() })?;
    let plan = approved.plan();
    let unchecked = plan.expects.catalog.as_ref().filter(|_| plan.migrations().next().is_none());
    let expected = unchecked.map(|fingerprint| Expected { fingerprint, schemas });
    run(connection, script.files(), End::Commit { record: &record }, settings, expected).await
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

async fn run(
    connection: &mut Connection,
    files: &[PolicyFile],
    end: End<'_>,
    settings: ApplySettings,
    expected: Option<Expected<'_>>,
) -> Result<Applied, ApplyError> {
    let started = Instant::now();
    let mut lock_timeout = FIRST_LOCK_TIMEOUT.min(settings.lock_timeout);
    let mut tries = 0;
    loop {
        tries += 1;
        if let Some(expected) = expected {
            compare(connection, expected).await?;
        }
        let message = Message::compose(&connection.reset_sql(), files, lock_timeout, end, expected.is_some())
            .map_err(|it| DbError::Unexpected { reason: it.to_string() })?;
        let BatchError { commands, error } = match run_once(connection, &message).await {
            Ok(changes) => return Ok(Applied { changes, tries }),
            Err(failed) => failed,
        };
        if error.ends_connection() {
            return Err(error.into());
        }
        roll_back(connection).await?;
        if !is_in_the_way(&error) {
            return Err(message.place(commands, error)?.into());
        }
        let waited = started.elapsed();
        if waited >= settings.retry_for {
            let blockers = blockers(connection, message.table(commands)).await?;
            let failure = message.place(commands, error)?;
            return Err(ApplyError::Busy { failure: Box::new(failure), tries, waited, blockers });
        }
        debug!(tries, ?lock_timeout, "a lock could not be had, trying again");
        // Two that retry in step would meet for ever.
        sleep(rand::random_range(lock_timeout / 2..=lock_timeout * 2).min(settings.retry_for.saturating_sub(waited)))
            .await;
        lock_timeout = (lock_timeout * 2).min(settings.lock_timeout);
    }
}

/// Sends the message and compares the state at its end with the one at its beginning.
async fn run_once(connection: &mut Connection, message: &Message<'_>) -> Result<Vec<Change>, BatchError> {
    let done = batch(connection, &message.sql).await?;
    let unreadable = |error: sqlx::Error| BatchError { commands: done.commands, error: error.into() };
    let (mut before, mut after) = (State::default(), State::default());
    for row in &done.rows {
        let text = |name: &str| row.try_get::<String, _>(name).map_err(unreadable);
        let state = if text("moment")? == Moment::Before.as_str() { &mut before } else { &mut after };
        state.insert(&text("kind")?, text("object")?, text("name")?, text("says")?);
    }
    Ok(before.changes(&after))
}

async fn roll_back(connection: &mut Connection) -> Result<(), DbError> {
    batch(connection, "rollback").await.map(|_| ()).map_err(|it| it.error)
}

/// Whether another transaction was in the way, so that trying again can help.
fn is_in_the_way(error: &DbError) -> bool {
    error.sqlstate().is_some_and(|it| [SqlState::LOCK_NOT_AVAILABLE, SqlState::DEADLOCK_DETECTED].contains(&it))
}

/// The sessions that hold a lock on the table, the longest transaction first.
async fn blockers(connection: &mut Connection, table: Option<ObjectName>) -> Result<Vec<Blocker>, DbError> {
    let Some(table) = table else { return Ok(Vec::new()) };
    let name: Vec<String> = table.parts.iter().filter_map(|it| Ident::new(it).ok()).map(|it| it.to_string()).collect();
    let Ok(name) = Literal::new(name.join(".")) else { return Ok(Vec::new()) };
    let sql = include_str!("apply/blockers.sql").replace("$table", &name.to_string());
    let done = batch(connection, &sql).await.map_err(|it| it.error)?;
    let blocker = |row: &PgRow| -> Result<Blocker, sqlx::Error> {
        Ok(Blocker {
            pid: row.try_get::<String, _>("pid")?.parse().unwrap_or_default(),
            user: row.try_get("user")?,
            application: row.try_get("application")?,
            state: row.try_get("state")?,
            seconds: row.try_get::<String, _>("seconds")?.parse().unwrap_or_default(),
        })
    };
    done.rows.iter().map(|row| blocker(row).map_err(DbError::from)).collect()
}
