//! Rows in bulk, as [`COPY`](https://www.postgresql.org/docs/current/sql-copy.html) sends and takes them.

use bytes::Bytes;
use futures_util::TryStreamExt;
use futures_util::stream::BoxStream;
use sqlx::postgres::{PgConnection, PgCopyIn};

use crate::connection::Connection;
use crate::error::DbError;

/// Rows that the server sends: whole rows, one or several a piece.
pub struct CopyOut<'c> {
    stream: BoxStream<'c, Result<Bytes, sqlx::Error>>,
}

impl std::fmt::Debug for CopyOut<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CopyOut").finish_non_exhaustive()
    }
}

/// Begins `COPY … TO STDOUT`.
///
/// # Errors
///
/// [`DbError`] if the server refuses.
pub async fn copy_out<'c>(connection: &'c mut Connection, statement: &str) -> Result<CopyOut<'c>, DbError> {
    Ok(CopyOut { stream: connection.raw().copy_out_raw(statement).await? })
}

impl CopyOut<'_> {
    /// The next piece; `None` only after the server has said that this was all.
    ///
    /// # Errors
    ///
    /// [`DbError`] if the server or the connection failed: then what came before is not everything, and the connection is of no use any
    /// more, for answers of the server are still on their way.
    pub async fn next(&mut self) -> Result<Option<Bytes>, DbError> {
        Ok(self.stream.try_next().await?)
    }
}

/// Rows that the server takes. Dropped without [`finish`](CopyIn::finish), nothing of them stays.
pub struct CopyIn<'c> {
    copy: PgCopyIn<&'c mut PgConnection>,
}

impl std::fmt::Debug for CopyIn<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CopyIn").finish_non_exhaustive()
    }
}

/// Begins `COPY … FROM STDIN`.
///
/// # Errors
///
/// [`DbError`] if the server refuses.
pub async fn copy_in<'c>(connection: &'c mut Connection, statement: &str) -> Result<CopyIn<'c>, DbError> {
    Ok(CopyIn { copy: connection.raw().copy_in_raw(statement).await? })
}

impl CopyIn<'_> {
    /// Sends a piece, which may end in the middle of a row.
    ///
    /// # Errors
    ///
    /// [`DbError`] if the connection failed. What the server has against a row is often said by [`finish`](Self::finish) only.
    pub async fn send(&mut self, piece: &[u8]) -> Result<(), DbError> {
        self.copy.send(piece).await?;
        Ok(())
    }

    /// Says that this was all, and returns how many rows the server has stored.
    ///
    /// # Errors
    ///
    /// [`DbError`] if the server refused a row; then it stored none.
    pub async fn finish(self) -> Result<u64, DbError> {
        Ok(self.copy.finish().await?)
    }

    /// Takes everything back.
    ///
    /// # Errors
    ///
    /// [`DbError`] if the connection failed.
    pub async fn abort(self, reason: &str) -> Result<(), DbError> {
        self.copy.abort(reason).await?;
        Ok(())
    }
}
