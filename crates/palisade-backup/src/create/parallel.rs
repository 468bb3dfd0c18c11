//! The schema by `pg_dump`, rows by several connections that see the same snapshot.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use bytes::BytesMut;
use futures_util::future::try_join_all;
use palisade_archive::{RowDigest, Rows};
use palisade_db::{Connection, DbError, batch, connect, copy_out};
use palisade_sql::Literal;

use super::pg_dump::PgDump;
use super::{Place, Progress, Report, arrived};
use crate::create_error::CreateError;
use crate::inventory::{Table, column_list};
use crate::manifest::{Content, Part};
use crate::ship::{Look, Plain};
use crate::stopwatch::Stopwatch;

/// Tables larger than this are read in ranges of about this size.
const RANGE: u64 = 256 << 20;
/// [Size of a page](https://www.postgresql.org/docs/current/runtime-config-preset.html#GUC-BLOCK-SIZE) of nearly every server. On another
/// one the ranges are larger or smaller, and hold the same rows.
const PAGE: u64 = 8192;
/// What is handed on at once.
const PIECE: usize = 256 * 1024;

/// Rows of a table between two pages.
struct Range<'a> {
    table: &'a Table,
    number: usize,
    /// The first page, and the one behind the last; the last range has no end: rows may have been added.
    pages: Option<(u64, Option<u64>)>,
}

pub(super) async fn take(
    dump: &PgDump<'_>,
    place: &Place<'_>,
    report: &mut Report<impl FnMut(Progress) + Send>,
    stopwatch: &mut Stopwatch,
    warnings: &mut Vec<String>,
) -> Result<(Vec<Part>, BTreeMap<(String, String), Rows>), CreateError> {
    let section = |name: &str| [format!("--section={name}")];
    let (pre_data, contents, said) =
        dump.archive(place, "pre-data.dump", Content::PreData, &section("pre-data"), |_| ()).await?;
    contents.finish()?;
    warnings.extend(said.warnings());
    let mut parts = vec![pre_data];
    stopwatch.lap("pre-data");

    let queue = Mutex::new(ranges(dump.holder.inventory.with_rows()));
    let shared = Mutex::new(report);
    let workers = (0..dump.options.jobs.max(1)).map(|_| work(dump, place, &queue, &shared));
    let mut rows: BTreeMap<(String, String), Rows> = BTreeMap::new();
    for (part, name, found) in try_join_all(workers).await?.into_iter().flatten() {
        *rows.entry(name).or_default() += found;
        // A table without rows needs no object.
        parts.extend(part);
    }
    parts[1..].sort_by(|one, other| one.file.cmp(&other.file));
    stopwatch.lap("rows");

    if dump.holder.inventory.large_objects > 0 {
        let arguments =
            ["--section=data".to_owned(), "--exclude-table-data=*.*".to_owned(), "--large-objects".to_owned()];
        // The name of the option since 16; `--blobs` is understood by all.
        let arguments = arguments.map(|it| if it == "--large-objects" { "--blobs".to_owned() } else { it });
        let (part, contents, said) =
            dump.archive(place, "large-objects.dump", Content::LargeObjects, &arguments, |_| ()).await?;
        contents.finish()?;
        warnings.extend(said.warnings());
        parts.push(part);
        stopwatch.lap("large-objects");
    }
    let (post_data, contents, said) =
        dump.archive(place, "post-data.dump", Content::PostData, &section("post-data"), |_| ()).await?;
    contents.finish()?;
    warnings.extend(said.warnings());
    parts.push(post_data);
    stopwatch.lap("post-data");
    warnings.sort();
    warnings.dedup();
    Ok((parts, rows))
}

/// All tables, the largest first, large ones in ranges.
fn ranges<'a>(tables: impl Iterator<Item = &'a Table>) -> VecDeque<Range<'a>> {
    let mut tables: Vec<&Table> = tables.collect();
    tables.sort_by_key(|it| std::cmp::Reverse(it.bytes));
    let mut ranges = VecDeque::new();
    for (number, table) in tables.into_iter().enumerate() {
        let count = if table.heap && table.condition.is_none() { (table.bytes / RANGE).max(1) } else { 1 };
        let pages = (table.bytes / PAGE).div_ceil(count);
        for range in 0..count {
            let end = (range + 1 < count).then_some((range + 1) * pages);
            ranges.push_back(Range { table, number, pages: (count > 1).then_some((range * pages, end)) });
        }
    }
    ranges
}

type Found = (Option<Part>, (String, String), Rows);

/// One connection, as long as there is something to read.
async fn work(
    dump: &PgDump<'_>,
    place: &Place<'_>,
    queue: &Mutex<VecDeque<Range<'_>>>,
    report: &Mutex<&mut Report<impl FnMut(Progress) + Send>>,
) -> Result<Vec<Found>, CreateError> {
    let mut connection = connect(&dump.options.connect).await?;
    let begin = begin(&connection, &dump.holder.snapshot)?;
    batch(&mut connection, &begin).await.map_err(|it| it.error)?;
    let mut found = Vec::new();
    loop {
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let Some(range) = next else { break };
        let name = (range.table.name.schema.as_str().to_owned(), range.table.name.name.as_str().to_owned());
        let tell = |bytes| report.lock().unwrap_or_else(PoisonError::into_inner).read(bytes);
        let (part, rows) = read(&mut connection, place, &range, tell).await?;
        report.lock().unwrap_or_else(PoisonError::into_inner).table_done();
        found.push((part, name, rows));
    }
    // It only read: whether the server hears of the end does not matter.
    let _ = batch(&mut connection, "commit").await;
    connection.close().await;
    Ok(found)
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

fn statement(range: &Range<'_>) -> Result<String, DbError> {
    let Table { name, columns, condition, .. } = range.table;
    let list = column_list(columns)?;
    Ok(match (&range.pages, condition) {
        (None, None) if list.is_empty() => format!("copy {name} to stdout"),
        (None, None) => format!("copy {name} ({list}) to stdout"),
        // The extension itself has written the condition, `WHERE` included.
        (None, Some(condition)) => format!("copy (select {list} from only {name} {condition}) to stdout"),
        (Some((first, None)), _) => {
            format!("copy (select {list} from only {name} where ctid >= '({first},0)') to stdout")
        }
        (Some((first, Some(end))), _) => format!(
            "copy (select {list} from only {name} where ctid >= '({first},0)' and ctid < '({end},0)') to stdout"
        ),
    })
}

/// Reads one range into one part. The part is begun with the first row.
async fn read(
    connection: &mut Connection,
    place: &Place<'_>,
    range: &Range<'_>,
    mut tell: impl FnMut(u64),
) -> Result<(Option<Part>, Rows), CreateError> {
    let mut copy = copy_out(connection, &statement(range)?).await?;
    let Some(first) = copy.next().await? else { return Ok((None, Rows::default())) };
    let table = range.table.name.to_string();
    let named = table.clone();
    let page = range.pages.map_or(0, |it| it.0);
    let (file, shipment) =
        place.ship(&format!("rows-{:06}-{page:010}.copy", range.number), Look::Rows(Box::new(RowDigest::new())))?;
    let pieces = shipment.pieces;
    let feeding = async move {
        let mut buffer = BytesMut::with_capacity(PIECE + PIECE / 4);
        buffer.extend_from_slice(&first);
        loop {
            let next = copy.next().await.map_err(|source| CreateError::Rows { table: named.clone(), source })?;
            if let Some(bytes) = &next {
                buffer.extend_from_slice(bytes);
            }
            if buffer.len() >= PIECE || (next.is_none() && !buffer.is_empty()) {
                tell(buffer.len() as u64);
                let full = std::mem::replace(&mut buffer, BytesMut::with_capacity(PIECE + PIECE / 4));
                if pieces.send(Plain::Piece(full.freeze())).await.is_err() {
                    return Ok(());
                }
            }
            if next.is_none() {
                let _ = pieces.send(Plain::End).await;
                return Ok(());
            }
        }
    };
    let fed: Result<(), CreateError> = feeding.await;
    let content = Content::Rows {
        schema: range.table.name.schema.as_str().to_owned(),
        table: range.table.name.name.as_str().to_owned(),
    };
    let (part, look) = arrived(file, content, shipment.arrival, fed).await?;
    match look {
        Look::Rows(digest) => {
            let rows = digest.finish().map_err(|source| CreateError::CopyText { table, source })?;
            Ok((Some(part), rows))
        }
        Look::Away | Look::Archive(_) => Ok((Some(part), Rows::default())),
    }
}
