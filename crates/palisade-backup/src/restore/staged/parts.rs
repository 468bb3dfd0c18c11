//! Rows of a backup whose tables lie in parts of their own: as many at once as there are connections.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use futures_util::future::try_join_all;
use palisade_archive::{ArchiveError, RowDigest, Rows};
use palisade_db::Connection;
use tokio::sync::mpsc;

use super::plan::Table;
use super::store::{self, Piece, Share, WAITING};
use crate::fetch::{self, FetchError, Take};
use crate::manifest::{Content, Part};
use crate::restore::RestoreOptions;
use crate::restore_error::RestoreError;
use crate::verify::different_rows;

/// Some rows of a table.
struct Work<'a> {
    table: &'a Table,
    part: &'a Part,
    share: Share,
}

/// Rows of tables by schema and name.
type Found = Mutex<BTreeMap<(String, String), Rows>>;

pub(super) async fn load(
    options: &RestoreOptions,
    tables: &BTreeMap<i32, Table>,
    tell: impl Fn(u64) + Copy,
) -> Result<(), RestoreError> {
    let queue = Mutex::new(queue(options, tables));
    let found = Found::default();
    try_join_all((0..options.jobs).map(|_| work(options, &queue, &found, tell))).await?;
    // Tables of several parts were stored part by part.
    let mut manifest = options.manifest.clone();
    manifest.tables = tables.values().map(|it| it.contents.clone()).collect();
    let problems = different_rows(&manifest, &found.into_inner().unwrap_or_else(PoisonError::into_inner));
    if problems.is_empty() { Ok(()) } else { Err(RestoreError::Different { problems }) }
}

/// The largest table first: what is begun late should end soon.
fn queue<'a>(options: &'a RestoreOptions, tables: &'a BTreeMap<i32, Table>) -> VecDeque<Work<'a>> {
    let mut largest: Vec<&Table> = tables.values().collect();
    largest.sort_by_key(|it| std::cmp::Reverse(it.contents.bytes));
    let parts_of = |table: &'a Table| -> Vec<Work<'a>> {
        let contents = &table.contents;
        let is_of = |part: &&Part| matches!(&part.content, Content::Rows { schema, table } if *schema == contents.schema && *table == contents.name);
        let parts: Vec<&Part> = options.manifest.parts.iter().filter(is_of).collect();
        let share = if parts.len() == 1 { Share::All } else { Share::Some };
        parts.into_iter().map(|part| Work { table, part, share }).collect()
    };
    largest.into_iter().flat_map(parts_of).collect()
}

/// One connection, as long as there is something to load.
async fn work(
    options: &RestoreOptions,
    queue: &Mutex<VecDeque<Work<'_>>>,
    found: &Found,
    tell: impl Fn(u64) + Copy,
) -> Result<(), RestoreError> {
    let mut connection: Option<Connection> = None;
    loop {
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let Some(work) = next else { break };
        let connection = match &mut connection {
            Some(open) => open,
            none => none.insert(store::open(options).await?),
        };
        let rows = load_part(options, connection, &work, tell).await?;
        let name = (work.table.contents.schema.clone(), work.table.contents.name.clone());
        *found.lock().unwrap_or_else(PoisonError::into_inner).entry(name).or_default() += rows;
    }
    if let Some(connection) = connection {
        connection.close().await;
    }
    Ok(())
}

async fn load_part(
    options: &RestoreOptions,
    connection: &mut Connection,
    work: &Work<'_>,
    tell: impl Fn(u64),
) -> Result<Rows, RestoreError> {
    let Work { table, part, share } = work;
    let (sink, pieces) = mpsc::channel(WAITING);
    let reading = async {
        let take = Copied { sink, digest: RowDigest::new() };
        let identities = options.identities.as_ref();
        let Copied { sink, digest } =
            fetch::open(&options.store, &options.manifest, part, identities, take, tell).await?;
        let different = |problem| RestoreError::Different { problems: vec![problem] };
        let rows = digest.finish().map_err(|error| different(format!("{}: {error}", part.file)))?;
        let contents = &table.contents;
        if *share == Share::All && (rows.rows, rows.digest.to_string()) != (contents.rows, contents.digest.clone()) {
            return Err(different(format!("{} does not hold the rows of {}", part.file, contents.qualified())));
        }
        // If nobody takes it, whoever stores it says why.
        let _ = sink.send(Piece::End(rows.rows)).await;
        Ok(rows)
    };
    let (read, stored) = tokio::join!(reading, store::store(connection, table, *share, pieces));
    match (read, stored) {
        // Nobody took what was read: what the server said is why.
        (Err(RestoreError::Fetch(FetchError::GivenUp { .. })) | Ok(_), Err(error)) | (Err(error), _) => Err(error),
        (Ok(rows), Ok(())) => Ok(rows),
    }
}

/// Rows on their way to a connection.
struct Copied {
    sink: mpsc::Sender<Piece>,
    digest: RowDigest,
}

impl Take for Copied {
    fn take(&mut self, bytes: &[u8]) -> Result<bool, ArchiveError> {
        self.digest.update(bytes);
        Ok(self.sink.blocking_send(Piece::Rows(Bytes::copy_from_slice(bytes))).is_ok())
    }
}
