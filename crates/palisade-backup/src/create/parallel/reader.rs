//! One connection that reads rows, in a thread of its own.
//!
//! The server sends eight kilobytes at a time. A runtime that is shared wakes a thread for each of them; a thread that also seals what it
//! reads finds many of them whenever it comes back, and has them in its processor's cache. That is a sixth of all processor time.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use palisade_archive::{RowDigest, Rows};
use palisade_db::{ConnectSettings, Connection, CopyOut, DbError, batch, connect, copy_out};
use palisade_sql::{Literal, SqlState};
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use crate::create::{Place, arrived};
use crate::create_error::CreateError;
use crate::holder::blockers;
use crate::manifest::{Content, Part};
use crate::ranges::Range;
use crate::session_settings::SESSION;
use crate::ship::{Look, Packer, ShipError};

/// What is collected before it is sealed. Rows that are larger are not collected.
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

impl Work {
    fn queue(&self) -> MutexGuard<'_, VecDeque<Range>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What readers tell.
pub(super) enum Told {
    /// So many bytes of rows were read.
    Bytes(u64),
    /// A range was read to its end, and its part is in the store. One without rows has none.
    Range(Box<Range>, Option<Part>, Rows),
}

/// Reads ranges as long as there are some.
pub(super) async fn run(work: &Work, told: &mpsc::Sender<Result<Told, CreateError>>) {
    if let Err(error) = read_all(work, told).await {
        let _ = told.send(Err(error)).await;
    }
}

async fn read_all(work: &Work, told: &mpsc::Sender<Result<Told, CreateError>>) -> Result<(), CreateError> {
    let mut connection = match opened(work).await {
        Ok(it) => it,
        // The others have read everything while the server had no connection left.
        Err(_) if work.queue().is_empty() => return Ok(()),
        Err(error) => return Err(error),
    };
    loop {
        let next = work.queue().pop_front();
        let Some(range) = next else { break };
        match read(&mut connection, work, &range, told).await {
            Ok((part, rows)) => {
                if told.send(Ok(Told::Range(Box::new(range), part, rows))).await.is_err() {
                    break;
                }
            }
            Err(CreateError::Rows { source, table }) if source.sqlstate() == Some(SqlState::LOCK_NOT_AVAILABLE) => {
                return Err(locked(&work.connect, table, source).await);
            }
            Err(error) => return Err(error),
        }
    }
    // It only read: whether the server hears of the end does not matter.
    let _ = batch(&mut connection, "commit").await;
    connection.close().await;
    Ok(())
}

async fn opened(work: &Work) -> Result<Connection, CreateError> {
    let mut connection = connect(&work.connect).await?;
    let begin = begin(&connection, &work.snapshot)?;
    batch(&mut connection, &begin).await.map_err(|it| it.error)?;
    Ok(connection)
}

/// Whoever waits for a lock that we all keep from him lets nobody pass.
async fn locked(settings: &ConnectSettings, table: String, source: DbError) -> CreateError {
    // The connection of the COPY that failed is of no use any more.
    let blockers = match connect(settings).await {
        Ok(mut connection) => blockers(&mut connection).await.unwrap_or_default(),
        Err(_) => Vec::new(),
    };
    if blockers.is_empty() { CreateError::Rows { table, source } } else { CreateError::Locked { blockers } }
}

/// The same settings as those of `pg_dump`, and of who compares, so that all write values alike.
fn begin(connection: &Connection, snapshot: &str) -> Result<String, DbError> {
    let snapshot = Literal::new(snapshot).map_err(|it| DbError::Unexpected { reason: it.to_string() })?;
    let unlimited = if connection.server_version().major() >= 17 { "set transaction_timeout = 0;" } else { "" };
    Ok(format!(
        "begin isolation level repeatable read read only; set transaction snapshot {snapshot};
         set statement_timeout = 0; set idle_in_transaction_session_timeout = 0; {unlimited}
         {SESSION} set row_security = off; set search_path = pg_catalog; set synchronize_seqscans = off"
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
    let failed = |source| CreateError::Rows { table: table.clone(), source };
    let mut copy = copy_out(connection, &range.statement()?).await.map_err(failed)?;
    let Some(first) = copy.next().await.map_err(failed)? else { return Ok((None, Rows::default())) };
    let look = Look::Rows(Box::new(RowDigest::new()));
    let (file, mut packer) = work.place.pack(&range.file(), look, &work.runtime)?;
    let (read, packed) = match pack(copy, first, &mut packer, told).await {
        Ok(packed) => (Ok(()), packed),
        Err(source) => (Err(failed(source)), Err(ShipError::Cut)),
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

/// Reads to the end, or until packing fails or nobody hears any more.
async fn pack(
    mut copy: CopyOut<'_>,
    first: Bytes,
    packer: &mut Packer,
    told: &mpsc::Sender<Result<Told, CreateError>>,
) -> Result<Result<(), ShipError>, DbError> {
    let mut collected = Vec::with_capacity(PIECE);
    let mut next = Some(first);
    while let Some(bytes) = next {
        let fits = collected.len() + bytes.len() <= PIECE;
        if !fits && let Err(error) = put(packer, &mut collected, told).await {
            return Ok(Err(error));
        }
        if fits || bytes.len() <= PIECE {
            collected.extend_from_slice(&bytes);
        } else if let Err(error) = put_large(packer, &bytes, told).await {
            return Ok(Err(error));
        }
        drop(bytes);
        next = copy.next().await?;
    }
    Ok(put(packer, &mut collected, told).await)
}

async fn put(
    packer: &mut Packer,
    collected: &mut Vec<u8>,
    told: &mpsc::Sender<Result<Told, CreateError>>,
) -> Result<(), ShipError> {
    put_large(packer, collected, told).await?;
    collected.clear();
    Ok(())
}

async fn put_large(
    packer: &mut Packer,
    bytes: &[u8],
    told: &mpsc::Sender<Result<Told, CreateError>>,
) -> Result<(), ShipError> {
    // A connection that always has something to read never waits, and a task that never waits does not see that it is to end.
    if told.send(Ok(Told::Bytes(bytes.len() as u64))).await.is_err() {
        return Err(ShipError::Cut);
    }
    tokio::task::yield_now().await;
    packer.put(bytes).await
}
