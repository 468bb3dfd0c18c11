//! Rows of a backup that is one archive: it is read once, and each table goes to the next connection that is free.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures_util::future::try_join_all;
use palisade_archive::{ArchiveError, Event, Reader, RowDigest, Toc};
use palisade_db::Connection;
use palisade_embedded::Installation;
use tokio::sync::mpsc;

use super::large_objects;
use super::plan::Table;
use super::store::{self, Piece, Share, WAITING};
use crate::fetch::{self, FetchError, Take};
use crate::manifest::Content;
use crate::restore::outlet::{Mode, Outlet};
use crate::restore::run::pipe;
use crate::restore::{RestoreOptions, feed};
use crate::restore_error::RestoreError;
use crate::said::Said;

/// A table whose rows are coming.
type Coming = (Table, mpsc::Receiver<Piece>);

pub(super) async fn load(
    options: &RestoreOptions,
    installation: &Installation,
    tables: BTreeMap<i32, Table>,
    contents: Option<Toc>,
    tell: impl Fn(u64) + Copy + Send,
) -> Result<Option<Said>, RestoreError> {
    let (sink, coming) = mpsc::channel(1);
    let workers = async move {
        let coming = tokio::sync::Mutex::new(coming);
        // With the last connection that failed, the receiver goes too: whoever reads gives up.
        try_join_all((0..options.jobs).map(|_| work(options, &coming))).await
    };
    let reading = async {
        match contents {
            None => read(options, tables, None, sink, tell).await.map(|_| None),
            Some(contents) => {
                let feeding = async |objects| {
                    let mut outlet = Outlet::new(objects, large_objects::edit(contents));
                    outlet.begin(Mode::Archive);
                    let Some(outlet) = read(options, tables, Some(outlet), sink, tell).await? else { return Ok(()) };
                    if outlet.release().await { Ok(()) } else { Err(feed::given_up("large objects")) }
                };
                pipe(options, installation, feeding).await.map(Some)
            }
        }
    };
    match tokio::join!(reading, workers) {
        // What a connection says is why nobody took what was read; none says anything if rows do not come to their end.
        (_, Err(error)) | (Err(error), Ok(_)) => Err(error),
        (Ok(said), Ok(_)) => Ok(said),
    }
}

/// One connection, as long as there are tables.
async fn work(
    options: &RestoreOptions,
    coming: &tokio::sync::Mutex<mpsc::Receiver<Coming>>,
) -> Result<(), RestoreError> {
    let mut connection: Option<Connection> = None;
    loop {
        let next = coming.lock().await.recv().await;
        let Some((table, pieces)) = next else { break };
        let connection = match &mut connection {
            Some(open) => open,
            none => none.insert(store::open(options).await?),
        };
        store::store(connection, &table, Share::All, pieces).await?;
    }
    if let Some(connection) = connection {
        connection.close().await;
    }
    Ok(())
}

/// Reads everything, and gives back where large objects went, whose end is held back.
async fn read(
    options: &RestoreOptions,
    tables: BTreeMap<i32, Table>,
    objects: Option<Outlet>,
    sink: mpsc::Sender<Coming>,
    tell: impl FnMut(u64),
) -> Result<Option<Outlet>, RestoreError> {
    let part = feed::part(options, &Content::Everything)?;
    let problem = Arc::new(Mutex::new(None));
    let spread = Spread { reader: Reader::new(), tables, objects, sink, current: None, problem: Arc::clone(&problem) };
    let opened = fetch::open(&options.store, &options.manifest, part, options.identities.as_ref(), spread, tell).await;
    if let Some(problem) = problem.lock().unwrap_or_else(PoisonError::into_inner).take() {
        return Err(RestoreError::Different { problems: vec![problem] });
    }
    match opened {
        Ok(Spread { reader, objects, .. }) => {
            reader.finish().map_err(|source| FetchError::Archive { file: part.file.clone(), source })?;
            Ok(objects)
        }
        Err(error) => Err(error.into()),
    }
}

struct Spread {
    reader: Reader,
    tables: BTreeMap<i32, Table>,
    objects: Option<Outlet>,
    sink: mpsc::Sender<Coming>,
    current: Option<Current>,
    /// Why it gave up, if it did itself.
    problem: Arc<Mutex<Option<String>>>,
}

struct Current {
    table: Table,
    pieces: mpsc::Sender<Piece>,
    digest: RowDigest,
}

impl Take for Spread {
    fn take(&mut self, bytes: &[u8]) -> Result<bool, ArchiveError> {
        let mut input = bytes;
        while let Some(event) = self.reader.next(&mut input)? {
            let goes_on = match event {
                Event::DataBegin { dump_id } => begin(&self.tables, dump_id, &self.sink, &mut self.current),
                Event::Data(bytes) => self.current.as_mut().is_none_or(|it| it.send(bytes)),
                Event::DataEnd => match self.current.take().map_or(Ok(true), Current::end) {
                    Ok(goes_on) => goes_on,
                    Err(problem) => {
                        *self.problem.lock().unwrap_or_else(PoisonError::into_inner) = Some(problem);
                        false
                    }
                },
                event => self.objects.as_mut().is_none_or(|it| it.pass(event)),
            };
            if !goes_on {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Hands the receiving end of a table to a connection. Tables that are left out go nowhere.
fn begin(
    tables: &BTreeMap<i32, Table>,
    number: i32,
    sink: &mpsc::Sender<Coming>,
    current: &mut Option<Current>,
) -> bool {
    let Some(table) = tables.get(&number) else { return true };
    let (pieces, coming) = mpsc::channel(WAITING);
    *current = Some(Current { table: table.clone(), pieces, digest: RowDigest::new() });
    sink.blocking_send((table.clone(), coming)).is_ok()
}

impl Current {
    fn send(&mut self, bytes: &[u8]) -> bool {
        self.digest.update(bytes);
        self.pieces.blocking_send(Piece::Rows(Bytes::copy_from_slice(bytes))).is_ok()
    }

    /// Compares what came; only then is it stored.
    fn end(self) -> Result<bool, String> {
        let Self { table, pieces, digest } = self;
        let rows = digest.finish().map_err(|error| format!("{}: {error}", table.contents.qualified()))?;
        if (rows.rows, rows.digest.to_string()) != (table.contents.rows, table.contents.digest) {
            return Err(format!("{}.{} does not hold the rows it should", table.contents.schema, table.contents.name));
        }
        Ok(pieces.blocking_send(Piece::End(rows.rows)).is_ok())
    }
}
