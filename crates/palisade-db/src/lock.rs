//! The lock that keeps two pushes apart.

use std::time::Duration;

use sqlx::Row;
use tokio::time::{Instant, sleep};

use crate::connect_error::ConnectError;
use crate::connection::Connection;
use crate::error::DbError;
use crate::execute::batch;
use crate::pooler::Pooling;

/// The two halves of the advisory lock's key: `PALI`, `SADE`. Advisory locks belong to one database.
const KEY: &str = "1346456649, 1396786245";
/// The shortest and the longest pause between two tries.
const PAUSES: (Duration, Duration) = (Duration::from_millis(25), Duration::from_millis(500));

/// A connection that holds Palisade's [advisory lock][docs] of its database.
///
/// Two pushes must not interleave. The lock is session-level: it outlives transactions and ends with its connection. The
/// guard owns that connection, so no early return can leave the lock behind, and none of our writes runs without it.
///
/// [docs]: https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS
#[derive(Debug)]
pub struct Session {
    connection: Connection,
}

/// Who holds the lock that we wait for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The process that serves them.
    pub pid: i32,
    /// Their role.
    pub user: String,
    /// Their program.
    pub application: String,
    /// Their address, or `local socket`.
    pub address: String,
    /// How long their session has been open, in seconds.
    pub seconds: u64,
}

/// Why the lock could not be had.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Someone else holds it.
    #[error(
        "another run of Palisade works on this database: process {} of {} ({}, from {}), connected for {} s",
        holder.pid, holder.user, holder.application, holder.address, holder.seconds
    )]
    Busy {
        /// Who.
        holder: Box<Holder>,
    },
    /// Someone else holds it, and was gone when we looked who.
    #[error("another run of Palisade works on this database")]
    BusyUnknown,
    /// A session-level lock means nothing here.
    #[error("this connection goes through a pooler in transaction mode, where a session does not last")]
    TransactionPooler,
    /// The server could not be asked.
    #[error("the lock could not be asked for: {0}")]
    Database(DbError),
}

/// Why a broken session could not be replaced.
#[derive(Debug, thiserror::Error)]
pub enum ReconnectError {
    /// No new connection.
    #[error("{0}")]
    Connect(ConnectError),
    /// A connection, and no lock.
    #[error("{0}")]
    Lock(LockError),
}

impl LockError {
    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::Busy { holder } => format!(
                "wait for it, or raise `--wait`; if it hangs, end it with `select pg_terminate_backend({})`",
                holder.pid
            ),
            Self::BusyUnknown => "wait for it and run the command again, or raise `--wait`".to_owned(),
            Self::TransactionPooler => {
                "give the direct URL: set `DIRECT_URL` (for other environments `<NAME>_DIRECT_URL`) \
                 to the session-mode or direct address of the same database; on Supabase that is port 5432"
                    .to_owned()
            }
            Self::Database(error) => {
                error.help().unwrap_or_else(|| "run `cargo xtask doctor` for the same environment".to_owned())
            }
        }
    }
}

impl From<DbError> for LockError {
    fn from(error: DbError) -> Self {
        Self::Database(error)
    }
}

impl Session {
    /// Waits for the lock, at most `timeout`, asking again and again: a waiter inside `pg_advisory_lock` holds a snapshot,
    /// and `CREATE INDEX CONCURRENTLY` of the one who has the lock would wait for that, which is a deadlock.
    ///
    /// `waiting` is called once, when the lock is found taken.
    ///
    /// # Errors
    ///
    /// [`LockError`]; the connection is closed then.
    pub async fn acquire(
        mut connection: Connection,
        timeout: Duration,
        mut waiting: impl FnMut(Option<&Holder>),
    ) -> Result<Self, LockError> {
        if connection.pooling().await? == Pooling::Transaction {
            return Err(LockError::TransactionPooler);
        }
        let deadline = Instant::now() + timeout;
        let mut pause = PAUSES.0;
        let mut told = false;
        loop {
            if try_lock(&mut connection).await? {
                return Ok(Self { connection });
            }
            if !told || Instant::now() >= deadline {
                let holder = holder(&mut connection).await?;
                if Instant::now() >= deadline {
                    return Err(holder.map_or(LockError::BusyUnknown, |it| LockError::Busy { holder: Box::new(it) }));
                }
                waiting(holder.as_ref());
                told = true;
            }
            sleep(pause.min(deadline.saturating_duration_since(Instant::now()))).await;
            pause = (pause * 2).min(PAUSES.1);
        }
    }

    /// The connection that holds the lock.
    pub fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }

    /// Opens a new connection in place of a broken one and takes the lock again, trying for at most `timeout`. Having the lock
    /// proves that the server has ended the old session: whatever it had under way is decided by then.
    ///
    /// # Errors
    ///
    /// [`ReconnectError`] with the last reason.
    pub async fn reconnect(&mut self, timeout: Duration) -> Result<(), ReconnectError> {
        let deadline = Instant::now() + timeout;
        let mut pause = PAUSES.0;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let last = match self.connection.connect_again().await {
                Ok(mut connection) => {
                    end_predecessor(&mut connection, self.connection.facts().backend_pid).await;
                    match Self::acquire(connection, left, |_| ()).await {
                        Ok(session) => {
                            *self = session;
                            return Ok(());
                        }
                        Err(error) => ReconnectError::Lock(error),
                    }
                }
                Err(error) => ReconnectError::Connect(error),
            };
            if Instant::now() >= deadline {
                return Err(last);
            }
            sleep(pause).await;
            pause = (pause * 2).min(PAUSES.1);
        }
    }

    /// Gives the lock back and the connection with it.
    ///
    /// # Errors
    ///
    /// [`DbError`] if the server could not be told; the lock then ends with the connection, which is closed.
    pub async fn release(mut self) -> Result<Connection, DbError> {
        batch(&mut self.connection, &format!("select pg_catalog.pg_advisory_unlock({KEY})"))
            .await
            .map_err(|it| it.error)?;
        Ok(self.connection)
    }
}

/// SQL that takes the same lock for the rest of the transaction that is open, or fails with `lock_not_available`: for what
/// needs no session, so that it can go through a pooler in transaction mode. Who holds the lock as a [`Session`] gets it.
pub fn lock_within_sql() -> String {
    format!(
        "do $palisade$ begin if not pg_catalog.pg_try_advisory_xact_lock({KEY}) then \
         raise exception using errcode = 'lock_not_available', message = 'another run of Palisade works on this database'; \
         end if; end $palisade$;\n"
    )
}

/// Ends our own old session, if it still has the lock: the server may notice only after minutes that nobody listens there any
/// more. A transaction that is already being committed is completed all the same.
async fn end_predecessor(connection: &mut Connection, pid: i32) {
    let (class, object) = KEY.split_once(", ").unwrap_or_default();
    let sql = format!(
        "select pg_catalog.pg_terminate_backend(l.pid) from pg_catalog.pg_locks l where l.locktype = 'advisory' \
         and l.classid = {class} and l.objid = {object} and l.objsubid = 2 and l.granted and l.pid = {pid}"
    );
    if let Err(error) = batch(connection, &sql).await {
        tracing::debug!(error = %error.error, "the old session could not be ended, it ends by itself");
    }
}

async fn try_lock(connection: &mut Connection) -> Result<bool, DbError> {
    let sql = format!("select pg_catalog.pg_try_advisory_lock({KEY}) as locked");
    let done = batch(connection, &sql).await.map_err(|it| it.error)?;
    let row = done.rows.first().ok_or_else(|| DbError::Unexpected { reason: "no answer about the lock".to_owned() })?;
    Ok(row.try_get("locked")?)
}

async fn holder(connection: &mut Connection) -> Result<Option<Holder>, DbError> {
    let (class, object) = KEY.split_once(", ").unwrap_or_default();
    let sql = include_str!("lock/holder.sql").replace("$class", class).replace("$object", object);
    let done = batch(connection, &sql).await.map_err(|it| it.error)?;
    let Some(row) = done.rows.first() else { return Ok(None) };
    Ok(Some(Holder {
        pid: row.try_get::<String, _>("pid")?.parse().unwrap_or_default(),
        user: row.try_get("user")?,
        application: row.try_get("application")?,
        address: row.try_get("address")?,
        seconds: row.try_get::<String, _>("seconds")?.parse().unwrap_or_default(),
    }))
}
