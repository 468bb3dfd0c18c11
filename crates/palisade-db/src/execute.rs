//! Many statements in one message.

use futures_util::TryStreamExt;
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{AssertSqlSafe, Either};

use crate::connection::Connection;
use crate::error::DbError;

/// What a batch did.
#[derive(Debug, Default)]
pub struct Batch {
    /// How many commands were completed.
    pub commands: usize,
    /// All rows of all commands, as text.
    pub rows: Vec<PgRow>,
    /// How many rows commands without result rows wrote.
    pub rows_written: u64,
}

/// A batch that stopped.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct BatchError {
    /// How many commands were completed before; inside a transaction they are undone all the same.
    pub commands: usize,
    /// Why it stopped. Its position counts from the start of the whole batch.
    pub error: DbError,
}

/// Sends `sql` as [one message](https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-SIMPLE-QUERY)
/// and waits for all its results: one round trip, whatever number of statements.
///
/// Without `BEGIN` in it, the server runs all of them in one implicit transaction. Values are quoted by the caller, with
/// [`palisade_sql::Ident`] and [`palisade_sql::Literal`].
///
/// # Errors
///
/// [`BatchError`] with the number of commands that were completed before it.
pub async fn batch(connection: &mut Connection, sql: &str) -> Result<Batch, BatchError> {
    let mut rows = Vec::new();
    let done = batch_with(connection, sql, |row| rows.push(row)).await?;
    Ok(Batch { rows, ..done })
}

/// As [`batch`], and hands each row to `seen` as soon as it arrives instead of keeping it: what came before a failure is not
/// lost, and a file that selects millions of rows needs no memory.
///
/// # Errors
///
/// As [`batch`].
pub async fn batch_with(
    connection: &mut Connection,
    sql: &str,
    mut seen: impl FnMut(PgRow),
) -> Result<Batch, BatchError> {
    let mut done = Batch::default();
    let mut returned = false;
    let mut results = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).fetch_many(connection.raw());
    loop {
        match results.try_next().await {
            Ok(Some(Either::Left(result))) => {
                done.commands += 1;
                done.rows_written += if returned { 0 } else { result.rows_affected() };
                returned = false;
            }
            Ok(Some(Either::Right(row))) => {
                returned = true;
                seen(row);
            }
            Ok(None) => break,
            Err(error) => return Err(BatchError { commands: done.commands, error: error.into() }),
        }
    }
    drop(results);
    Ok(done)
}

/// All rows of a batch, for callers inside this crate that have no [`Connection`] yet.
pub(crate) async fn collect(raw: &mut PgConnection, sql: &str) -> Result<Vec<PgRow>, sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).fetch_all(raw).await
}
