//! The session that keeps a state of the database still while it is read.
//!
//! `pg_dump` takes its snapshot first and its locks second: a table that somebody truncates and fills again in between is dumped
//! [without a row, and without an error][docs]. So all tables are locked first, by a transaction that has seen nothing yet, and the
//! snapshot is taken behind that. Whoever holds a lock that is in the way is waited for, for `lock-timeout`.
//!
//! [docs]: https://www.postgresql.org/docs/current/mvcc-caveats.html

use std::collections::BTreeSet;
use std::time::Duration;

use palisade_config::HistoryTable;
use palisade_db::{ConnectSettings, Connection, DbError, Facts, PgRow, Pooling, Row, batch, connect, introspect};
use palisade_sql::SqlState;
use tokio::sync::Mutex;
use tokio::time::{sleep, timeout};
use tracing::debug;

use crate::create_error::CreateError;
use crate::inventory::{self, Inventory, Table};
use crate::session_settings::SESSION;
use crate::stopwatch::Stopwatch;

/// How often tables may come and go while they are locked before we give up.
const TRIES: usize = 5;
/// How often the server is asked whether it is still there.
const PERIOD: Duration = Duration::from_secs(10);
/// How long it may take to answer that: a disk that stands still for a moment is no reason to begin anew.
const SILENCE: Duration = Duration::from_mins(1);

/// How often in a row somebody must be seen to wait for us and to keep `pg_dump` waiting: who has a `lock_timeout` of his own goes away.
const CIRCLES: usize = 3;
/// How long the session may take to say what has become of it, where something else has failed already.
const SHORTLY: Duration = Duration::from_secs(3);

/// A transaction that is open, and what it shows.
#[derive(Debug)]
pub(crate) struct Holder {
    /// Nobody waits for it: who watches and who releases come one after the other.
    connection: Mutex<Connection>,
    pub(crate) facts: Facts,
    /// Others see the same through it, as long as this transaction lasts.
    pub(crate) snapshot: String,
    pub(crate) inventory: Inventory,
    pub(crate) fingerprint: String,
}

/// Waits for an answer, and says what has become of the session where there is none.
async fn ask(connection: &mut Connection, sql: &str) -> Result<Vec<PgRow>, CreateError> {
    match timeout(SILENCE, batch(connection, sql)).await {
        Ok(Ok(answer)) => Ok(answer.rows),
        Ok(Err(it)) => Err(CreateError::SnapshotLost { source: it.error }),
        Err(_) => Err(CreateError::Silent { seconds: SILENCE.as_secs() }),
    }
}

/// Who waits for us, and is waited for by `pg_dump`.
async fn circle(connection: &mut Connection) -> Result<Vec<String>, CreateError> {
    // Within a transaction, the server shows the same sessions again and again, unless told to look.
    ask(connection, "select pg_catalog.pg_stat_clear_snapshot()").await?;
    let rows = ask(connection, include_str!("holder/circle.sql")).await?;
    rows.iter().map(|it| it.try_get(0).map_err(|it| CreateError::Database(it.into()))).collect()
}

/// Begins a transaction, locks every table, and exports a snapshot.
pub(crate) async fn hold(
    settings: &ConnectSettings,
    history: &HistoryTable,
    stopwatch: &mut Stopwatch,
) -> Result<Holder, CreateError> {
    let mut connection = connect(settings).await?;
    if connection.pooling().await? == Pooling::Transaction {
        return Err(CreateError::Pooler);
    }
    stopwatch.lap("connect");
    for _ in 0..TRIES {
        let tables = inventory::tables(&mut connection).await?;
        refuse_unreadable(&connection, &tables)?;
        let begin = begin(&connection);
        batch(&mut connection, &begin).await.map_err(|it| it.error)?;
        match locked(&mut connection, &tables, history, stopwatch).await {
            Ok(Some((snapshot, inventory))) => {
                let fingerprint = introspect::everything_within(&mut connection).await?.fingerprint();
                let fingerprint = fingerprint.as_str().to_owned();
                run(&mut connection, "rollback to savepoint reads").await?;
                stopwatch.lap("catalog");
                let facts = connection.facts().clone();
                return Ok(Holder { connection: Mutex::new(connection), facts, snapshot, inventory, fingerprint });
            }
            Ok(None) => debug!("a table was made while the others were locked"),
            // It went away between being listed and being locked, or its schema.
            Err(error) if gone(&error) => debug!("a table went away"),
            Err(error) if error.sqlstate() == Some(SqlState::LOCK_NOT_AVAILABLE) => {
                batch(&mut connection, "rollback").await.map_err(|it| it.error)?;
                return Err(CreateError::Locked { blockers: blockers(&mut connection).await? });
            }
            Err(error) => return Err(error.into()),
        }
        batch(&mut connection, "rollback").await.map_err(|it| it.error)?;
    }
    Err(CreateError::Restless)
}

/// Idle while others read; no timeout that somebody has set for other sessions may end it.
fn begin(connection: &Connection) -> String {
    let unlimited = if connection.server_version().major() >= 17 { "set local transaction_timeout = 0;" } else { "" };
    format!(
        "begin isolation level repeatable read read only;
         set local idle_in_transaction_session_timeout = 0; set local statement_timeout = 0; {unlimited}
         {SESSION} set local search_path = pg_catalog; set local row_security = off"
    )
}

fn gone(error: &DbError) -> bool {
    error.sqlstate().is_some_and(|it| [SqlState::UNDEFINED_TABLE, SqlState::INVALID_SCHEMA_NAME].contains(&it))
}

/// Who holds a lock that keeps tables from being read, or waits for one, as people read it.
pub(crate) async fn blockers(connection: &mut Connection) -> Result<Vec<String>, DbError> {
    let rows = batch(connection, include_str!("holder/blockers.sql")).await.map_err(|it| it.error)?.rows;
    rows.iter().map(|it| it.try_get(0).map_err(DbError::from)).collect()
}

/// `None` if the snapshot shows a table that is not locked.
async fn locked(
    connection: &mut Connection,
    tables: &[Table],
    history: &HistoryTable,
    stopwatch: &mut Stopwatch,
) -> Result<Option<(String, Inventory)>, DbError> {
    inventory::lock(connection, tables).await?;
    let rows = batch(connection, "select pg_export_snapshot()").await.map_err(|it| it.error)?.rows;
    let row = rows.last().ok_or_else(|| DbError::Unexpected { reason: "no snapshot".to_owned() })?;
    let snapshot: String = row.try_get(0)?;
    stopwatch.lap("locks");
    // What is asked about views and sequences locks them. Those locks go again: somebody who waits for one of them would let the next
    // who reads wait as well, `pg_dump` among them, for which we wait.
    run(connection, "savepoint reads").await?;
    let inventory = inventory::read(connection, history).await?;
    stopwatch.lap("catalog");
    let known: BTreeSet<u32> = tables.iter().map(|it| it.oid).collect();
    Ok(inventory.tables.iter().all(|it| known.contains(&it.oid)).then_some((snapshot, inventory)))
}

/// Row security would keep rows from a backup without an error, and what may not be read cannot be in it.
fn refuse_unreadable(connection: &Connection, tables: &[Table]) -> Result<(), CreateError> {
    let facts = connection.facts();
    let names = |these: Vec<&Table>| these.into_iter().map(|it| it.name.to_string()).collect::<Vec<_>>();
    let unreadable = names(tables.iter().filter(|it| !it.readable).collect());
    if !unreadable.is_empty() {
        return Err(CreateError::Unreadable { user: facts.user.clone(), tables: unreadable });
    }
    if facts.superuser || facts.bypasses_row_security {
        return Ok(());
    }
    let filtered = names(tables.iter().filter(|it| it.filtered).collect());
    if filtered.is_empty() { Ok(()) } else { Err(CreateError::Filtered { user: facts.user.clone(), tables: filtered }) }
}

async fn run(connection: &mut Connection, sql: &str) -> Result<(), DbError> {
    batch(connection, sql).await.map(drop).map_err(|it| it.error)
}

impl Holder {
    /// Asks the server again and again whether it is still there, and ends when it is not. The network can go without a word: then those
    /// who read wait for the next row for ever, and nobody can tell that from a slow disk.
    ///
    /// It also ends when `pg_dump` waits for somebody who waits for us: the server sees no circle in that, for we wait for `pg_dump`
    /// outside of it.
    pub(crate) async fn watch(&self) -> CreateError {
        let mut connection = self.connection.lock().await;
        let mut circles = 0;
        loop {
            sleep(PERIOD).await;
            match circle(&mut connection).await {
                Ok(waiting) if waiting.is_empty() => circles = 0,
                Ok(blockers) => {
                    circles += 1;
                    if circles == CIRCLES {
                        return CreateError::Locked { blockers };
                    }
                }
                Err(error) => return error,
            }
        }
    }

    /// Whether the session is still there; otherwise, what that was.
    pub(crate) async fn lost(&self) -> Option<CreateError> {
        let mut connection = self.connection.lock().await;
        timeout(SHORTLY, ask(&mut connection, "select 'still here'")).await.ok()?.err()
    }

    /// Ends the transaction. That it lasted until now is what makes the backup one state: a table that nobody had begun to read could
    /// have been truncated since.
    pub(crate) async fn release(self) -> Result<(), CreateError> {
        let mut connection = self.connection.into_inner();
        ask(&mut connection, "select 1; commit").await?;
        connection.close().await;
        Ok(())
    }
}
