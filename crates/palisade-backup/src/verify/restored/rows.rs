//! What rows of a restored database are.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::stream::{FuturesUnordered, StreamExt};
use palisade_archive::{RowDigest, Rows};
use palisade_db::{ConnectSettings, DbError, batch, connect, copy_out};

use super::VerifyError;
use crate::inventory::Table;
use crate::ranges::{Range, ranges};
use crate::session_settings::SESSION;
use crate::thread::OwnThread;

/// Rows by schema and table.
pub(super) type ByTable = BTreeMap<(String, String), Rows>;

/// Digests all rows of these tables, by several connections.
pub(super) async fn digests(
    settings: &ConnectSettings,
    tables: &[Table],
    connections: usize,
) -> Result<ByTable, VerifyError> {
    let queue = Arc::new(Mutex::new(ranges(tables.iter())));
    let mut threads = FuturesUnordered::new();
    for _ in 0..connections {
        let (settings, queue) = (settings.clone(), queue.clone());
        let thread = OwnThread::start(move || async move { read(&settings, &queue).await });
        threads.push(thread.map_err(|it| failed(&it))?.wait());
    }
    let mut all = ByTable::new();
    while let Some(ended) = threads.next().await {
        for (name, rows) in ended.map_err(|it| failed(&it))?? {
            *all.entry(name).or_default() += rows;
        }
    }
    Ok(all)
}

fn failed(error: &std::io::Error) -> VerifyError {
    DbError::Unexpected { reason: format!("a thread that reads rows failed: {error}") }.into()
}

async fn read(settings: &ConnectSettings, queue: &Mutex<VecDeque<Range>>) -> Result<ByTable, VerifyError> {
    let mut connection = connect(settings).await.map_err(|it| DbError::Unexpected { reason: it.to_string() })?;
    let settings = format!("{SESSION} set row_security = off; set search_path = pg_catalog");
    batch(&mut connection, &settings).await.map_err(|it| it.error)?;
    let mut found = ByTable::new();
    loop {
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let Some(range) = next else { break };
        let (mut copy, mut digest) = (copy_out(&mut connection, &range.statement()?).await?, RowDigest::new());
        while let Some(piece) = copy.next().await? {
            digest.update(&piece);
        }
        let rows = digest.finish().map_err(|it| DbError::Unexpected { reason: it.to_string() })?;
        let name = &range.table.name;
        *found.entry((name.schema.as_str().to_owned(), name.name.as_str().to_owned())).or_default() += rows;
    }
    connection.close().await;
    Ok(found)
}
