//! One connection that reads rows, in a thread of its own.
//!
//! The server sends eight kilobytes at a time. A runtime that is shared wakes a thread for each of them; a thread that also seals what it
//! reads finds many of them whenever it comes back, and has them in its processor's cache. That is a sixth of all processor time.

use std::collections::VecDeque;
use std::io;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use palisade_archive::{RowDigest, Rows};
use palisade_db::{ConnectSettings, Connection, CopyOut, DbError, batch, connect, copy_out};
use palisade_sql::Literal;
use tokio::runtime::{Builder, Handle};
use tokio::sync::{mpsc, watch};

use super::range::Range;
use crate::create::{Place, arrived};
use crate::create_error::CreateError;
use crate::manifest::{Content, Part};
use crate::ship::{Look, Packer, ShipError};

/// What is sealed at once.
const PIECE: usize = 256 * 1024;

/// What all readers work on.
pub(super) struct Work {
    pub(super) connect: ConnectSettings,
    pub(super) snapshot: String,
    pub(super) place: Place,
    /// Puts parts into the store.
    pub(super) runtime: Handle,
    pub(super) queue: Mutex<VecDeque<Range>>,
}

/// What readers tell.
pub(super) enum Told {
    /// So many bytes of rows were read.
    Bytes(u64),
    /// A range was read to its end, and its part is in the store. One without rows has none.
    Range(Box<Range>, Option<Part>, Rows),
}

/// Reads ranges as long as there are some, and nobody has dropped the other end of `stop`.
pub(super) fn run(
    work: &Work,
    told: &mpsc::Sender<Result<Told, CreateError>>,
    mut stop: watch::Receiver<()>,
) -> Result<(), io::Error> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let result = tokio::select! {
            result = read_all(work, told) => result,
            // Nobody says anything: it ends when whoever waits for the backup does not wait any more.
            _ = stop.changed() => Ok(()),
        };
        if let Err(error) = result {
            let _ = told.send(Err(error)).await;
        }
    });
    // Somebody may still look for the address of the server, and nobody waits for that.
    runtime.shutdown_background();
    Ok(())
}

async fn read_all(work: &Work, told: &mpsc::Sender<Result<Told, CreateError>>) -> Result<(), CreateError> {
    let mut connection = connect(&work.connect).await?;
    let begin = begin(&connection, &work.snapshot)?;
    batch(&mut connection, &begin).await.map_err(|it| it.error)?;
    loop {
        let next = work.queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let Some(range) = next else { break };
        let (part, rows) = read(&mut connection, work, &range, told).await?;
        if told.send(Ok(Told::Range(Box::new(range), part, rows))).await.is_err() {
            break;
        }
    }
    // It only read: whether the server hears of the end does not matter.
    let _ = batch(&mut connection, "commit").await;
    connection.close().await;
    Ok(())
}

/// The same settings as those of `pg_dump`, so that both write values alike.
fn begin(connection: &Connection, snapshot: &str) -> Result<String, DbError> {
    let snapshot = Literal::new(snapshot).map_err(|it| DbError::Unexpected { reason: it.to_string() })?;
    let unlimited = if connection.server_version().major() >= 17 { "set transaction_timeout = 0;" } else { "" };
    Ok(format!(
        "begin isolation level repeatable read read only; set transaction snapshot {snapshot};
         set statement_timeout = 0; set idle_in_transaction_session_timeout = 0; {unlimited}
         set row_security = off; set search_path = pg_catalog; set client_encoding = 'UTF8'; set datestyle = iso;
         set intervalstyle = postgres; set extra_float_digits = 3; set synchronize_seqscans = off"
    ))
}

/// Reads one range into one part. The part is begun with the first row.
async fn read(
    connection: &mut Connection,
    work: &Work,
    range: &Range,
    told: &mpsc::Sender<Result<Told, CreateError>>,
) -> Result<(Option<Part>, Rows), CreateError> {
    let table = range.table.name.to_string();
    let mut copy = copy_out(connection, &range.statement()?).await?;
    let Some(first) = copy.next().await? else { return Ok((None, Rows::default())) };
    let look = Look::Rows(Box::new(RowDigest::new()));
    let (file, mut packer) = work.place.pack(&range.file(), look, &work.runtime)?;
    let (read, packed) = match pack(copy, first, &mut packer, told).await {
        Ok(packed) => (Ok(()), packed),
        Err(source) => (Err(CreateError::Rows { table: table.clone(), source }), Err(ShipError::Cut)),
    };
    let content = Content::Rows {
        schema: range.table.name.schema.as_str().to_owned(),
        table: range.table.name.name.as_str().to_owned(),
    };
    let (part, look) = arrived(file, content, packer.finish(packed).await, read)?;
    match look {
        Look::Rows(digest) => {
            let rows = digest.finish().map_err(|source| CreateError::CopyText { table, source })?;
            Ok((Some(part), rows))
        }
        Look::Away | Look::Archive(_) => Ok((Some(part), Rows::default())),
    }
}

/// Reads to the end, or until packing fails.
async fn pack(
    mut copy: CopyOut<'_>,
    first: Bytes,
    packer: &mut Packer,
    told: &mpsc::Sender<Result<Told, CreateError>>,
) -> Result<Result<(), ShipError>, DbError> {
    let mut buffer = Vec::with_capacity(PIECE + PIECE / 4);
    buffer.extend_from_slice(&first);
    loop {
        let next = copy.next().await?;
        if let Some(bytes) = &next {
            buffer.extend_from_slice(bytes);
        }
        if buffer.len() >= PIECE || (next.is_none() && !buffer.is_empty()) {
            let _ = told.send(Ok(Told::Bytes(buffer.len() as u64))).await;
            if let Err(error) = packer.put(&buffer).await {
                return Ok(Err(error));
            }
            buffer.clear();
        }
        if next.is_none() {
            return Ok(Ok(()));
        }
    }
}
