//! The schema by `pg_dump`, rows by several connections that see the same snapshot.

mod reader;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use futures_util::stream::{FuturesUnordered, StreamExt};
use palisade_archive::Rows;
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use super::pg_dump::PgDump;
use super::{Place, Progress, Report};
use crate::create_error::CreateError;
use crate::manifest::{Content, Part};
use crate::ranges;
use crate::stopwatch::Stopwatch;
use crate::thread::OwnThread;
use reader::{Told, Work};

/// What readers have told and nobody has heard.
const WAITING: usize = 64;

pub(super) async fn take(
    dump: &PgDump<'_>,
    place: &Place,
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

    // Behind the first without delay: of indexes, triggers and views the server tells what they are now, whatever the snapshot shows,
    // and what was renamed in between would not fit.
    let (post_data, contents, said) =
        dump.archive(place, "post-data.dump", Content::PostData, &section("post-data"), |_| ()).await?;
    contents.finish()?;
    warnings.extend(said.warnings());
    stopwatch.lap("post-data");

    let mut large_objects = None;
    if dump.holder.inventory.large_objects > 0 {
        let arguments =
            ["--section=data".to_owned(), "--exclude-table-data=*.*".to_owned(), "--large-objects".to_owned()];
        // The name of the option since 16; `--blobs` is understood by all.
        let arguments = arguments.map(|it| if it == "--large-objects" { "--blobs".to_owned() } else { it });
        let (part, contents, said) =
            dump.archive(place, "large-objects.dump", Content::LargeObjects, &arguments, |_| ()).await?;
        contents.finish()?;
        warnings.extend(said.warnings());
        large_objects = Some(part);
        stopwatch.lap("large-objects");
    }

    let (mut row_parts, rows) = read(dump, place, report).await?;
    row_parts.sort_by(|one, other| one.file.cmp(&other.file));
    // In the order in which they are restored.
    parts.extend(row_parts);
    parts.extend(large_objects);
    parts.push(post_data);
    stopwatch.lap("rows");
    warnings.sort();
    warnings.dedup();
    Ok((parts, rows))
}

/// Reads all rows. Dropped, or after an error, the readers end with what they are at.
async fn read(
    dump: &PgDump<'_>,
    place: &Place,
    report: &mut Report<impl FnMut(Progress) + Send>,
) -> Result<(Vec<Part>, BTreeMap<(String, String), Rows>), CreateError> {
    let queue = ranges::ranges(dump.holder.inventory.with_rows());
    let ranges = queue.len();
    let work = Arc::new(Work {
        connect: dump.options.connect.clone(),
        snapshot: dump.holder.snapshot.clone(),
        place: place.clone(),
        runtime: Handle::current(),
        queue: Mutex::new(queue),
    });
    let (tell, mut told) = mpsc::channel(WAITING);
    let mut readers = FuturesUnordered::new();
    // None is opened for nothing: there may be few connections left.
    for _ in 0..dump.options.jobs.clamp(1, ranges.max(1)) {
        let (work, tell) = (work.clone(), tell.clone());
        let reader = OwnThread::start(move || async move { reader::run(&work, &tell).await });
        readers.push(reader.map_err(|source| CreateError::Reader { source })?.wait());
    }
    drop((work, tell));
    let (mut parts, mut rows) = (Vec::new(), BTreeMap::<_, Rows>::new());
    loop {
        tokio::select! {
            biased;
            it = told.recv() => match it {
                Some(it) => hear(it?, report, &mut parts, &mut rows),
                None => break,
            },
            Some(ended) = readers.next() => ended.map_err(|source| CreateError::Reader { source })?,
        }
    }
    while let Some(ended) = readers.next().await {
        ended.map_err(|source| CreateError::Reader { source })?;
    }
    Ok((parts, rows))
}

fn hear(
    told: Told,
    report: &mut Report<impl FnMut(Progress) + Send>,
    parts: &mut Vec<Part>,
    rows: &mut BTreeMap<(String, String), Rows>,
) {
    match told {
        Told::Bytes(bytes) => report.read(bytes),
        Told::Range(range, part, found) => {
            if range.is_last() {
                report.table_done();
            }
            let name = &range.table.name;
            *rows.entry((name.schema.as_str().to_owned(), name.name.as_str().to_owned())).or_default() += found;
            // A table without rows needs no object.
            parts.extend(part);
        }
    }
}
