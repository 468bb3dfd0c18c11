//! One connection that stores rows.

use bytes::Bytes;
use palisade_db::{Connection, DbError, batch, connect, copy_in};
use tokio::sync::mpsc;

use super::plan::Table;
use crate::restore::{RestoreOptions, supabase};
use crate::restore_error::RestoreError;

/// Pieces of rows that wait for the server.
pub(super) const WAITING: usize = 8;

/// What is stored.
#[derive(Debug)]
pub(super) enum Piece {
    /// Some COPY text.
    Rows(Bytes),
    /// That was all, and it is what it should be: so many rows. Without it, nothing is stored.
    End(u64),
}

/// Whether a table is loaded as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Share {
    All,
    /// Other connections load other rows of it.
    Some,
}

/// Opens a connection on which rows mean what they meant when they were read. Constraints and triggers stay in force; whether the
/// last rows reach the disk does not matter, for what a crash leaves is incomplete anyway.
pub(super) async fn open(options: &RestoreOptions) -> Result<Connection, RestoreError> {
    let mut connection = connect(options.target.settings()).await?;
    let unlimited = if connection.server_version().major() >= 17 { "set transaction_timeout = 0;" } else { "" };
    let settings = format!(
        "set row_security = off; set synchronous_commit = off; set statement_timeout = 0; {unlimited}
         set idle_in_transaction_session_timeout = 0; set client_encoding = 'UTF8'; set datestyle = iso;
         set xmloption = content; select pg_catalog.set_config('search_path', '', false)"
    );
    batch(&mut connection, &settings).await.map_err(|it| it.error)?;
    Ok(connection)
}

/// Stores rows as they come, if their end comes too.
pub(super) async fn store(
    connection: &mut Connection,
    table: &Table,
    share: Share,
    pieces: mpsc::Receiver<Piece>,
) -> Result<(), RestoreError> {
    let stored = try_store(connection, table, share, pieces).await;
    let fail = |reason| RestoreError::Rows { table: table.contents.qualified(), reason };
    match stored.map_err(fail)? {
        Some((stored, sent)) if stored != sent => Err(RestoreError::Different {
            problems: vec![format!("{} got {stored} rows of {sent}", table.contents.qualified())],
        }),
        _ => Ok(()),
    }
}

/// How many rows were stored, and how many were sent; `None` if the end did not come.
async fn try_store(
    connection: &mut Connection,
    table: &Table,
    share: Share,
    mut pieces: mpsc::Receiver<Piece>,
) -> Result<Option<(u64, u64)>, DbError> {
    let Table { name, columns, created, keys_aside, contents: _ } = table;
    // Whose table is new in the transaction need not log its rows twice, nor look at them again to freeze them.
    let is_new = *created && share == Share::All;
    let (begin, with) = match (is_new, keys_aside) {
        (true, _) => (format!("begin; truncate only {name}"), " with (freeze)"),
        (false, true) => (format!("begin; {}", supabase::keys_aside(true)), ""),
        (false, false) => ("begin".to_owned(), ""),
    };
    batch(connection, &begin).await.map_err(|it| it.error)?;
    let mut copy = copy_in(connection, &format!("copy {name}{columns} from stdin{with}")).await?;
    let mut sent = None;
    while let Some(piece) = pieces.recv().await {
        match piece {
            Piece::Rows(bytes) => copy.send(&bytes).await?,
            Piece::End(rows) => sent = Some(rows),
        }
    }
    let Some(sent) = sent else {
        copy.abort("the rows are not what they should be").await?;
        return Ok(None);
    };
    let stored = copy.finish().await?;
    if stored == sent {
        batch(connection, "commit").await.map_err(|it| it.error)?;
    }
    Ok(Some((stored, sent)))
}
