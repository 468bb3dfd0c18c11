//! The schema by `pg_dump`, rows by several connections that see the same snapshot.

mod range;
mod reader;

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};

use palisade_archive::Rows;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};

use super::pg_dump::PgDump;
use super::{Place, Progress, Report};
use crate::create_error::CreateError;
use crate::manifest::{Content, Part};
use crate::stopwatch::Stopwatch;
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

    let (mut row_parts, rows) = read(dump, place, report).await?;
    row_parts.sort_by(|one, other| one.file.cmp(&other.file));
    parts.extend(row_parts);
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

/// Reads all rows. Dropped, or after an error, the readers end with what they are at.
async fn read(
    dump: &PgDump<'_>,
    place: &Place,
    report: &mut Report<impl FnMut(Progress) + Send>,
) -> Result<(Vec<Part>, BTreeMap<(String, String), Rows>), CreateError> {
    let work = Arc::new(Work {
        connect: dump.options.connect.clone(),
        snapshot: dump.holder.snapshot.clone(),
        place: place.clone(),
        runtime: Handle::current(),
        queue: Mutex::new(range::ranges(dump.holder.inventory.with_rows())),
    });
    let (tell, mut told) = mpsc::channel(WAITING);
    let (_go_on, stop) = watch::channel(());
    let mut readers = Vec::new();
    for _ in 0..dump.options.jobs.max(1) {
        let (work, tell, stop) = (work.clone(), tell.clone(), stop.clone());
        readers.push(tokio::task::spawn_blocking(move || reader::run(&work, &tell, stop)));
    }
    drop((work, tell));
    let (mut parts, mut rows) = (Vec::new(), BTreeMap::<_, Rows>::new());
    while let Some(it) = told.recv().await {
        match it? {
            Told::Bytes(bytes) => report.read(bytes),
            Told::Range(range, part, found) => {
                report.table_done();
                let name = &range.table.name;
                *rows.entry((name.schema.as_str().to_owned(), name.name.as_str().to_owned())).or_default() += found;
                // A table without rows needs no object.
                parts.extend(part);
            }
        }
    }
    for reader in readers {
        let ended = reader.await.unwrap_or_else(|error| Err(io::Error::other(error)));
        ended.map_err(|source| CreateError::Reader { source })?;
    }
    Ok((parts, rows))
}
