//! Everything by one `pg_dump`.

use std::collections::BTreeMap;

use palisade_archive::Rows;

use super::pg_dump::PgDump;
use super::{Place, Progress, Report};
use crate::create_error::CreateError;
use crate::manifest::{Content, Part};
use crate::stopwatch::Stopwatch;

pub(super) async fn take(
    dump: &PgDump<'_>,
    place: &Place,
    report: &mut Report<impl FnMut(Progress) + Send>,
    stopwatch: &mut Stopwatch,
    warnings: &mut Vec<String>,
) -> Result<(Vec<Part>, BTreeMap<(String, String), Rows>), CreateError> {
    let mut writes = false;
    let progress = |bytes| {
        // `pg_dump` knows all of the schema before it writes the first byte: the table of contents comes first.
        if !std::mem::replace(&mut writes, true) {
            stopwatch.lap("schema");
        }
        report.read(bytes);
    };
    let (part, contents, said) = dump.archive(place, "everything.dump", Content::Everything, &[], progress).await?;
    stopwatch.lap("data");
    warnings.extend(said.warnings());
    let found = contents.finish()?;
    match found.broken {
        Some(source) => Err(CreateError::CopyText { table: "a table".to_owned(), source }),
        None => Ok((vec![part], found.rows)),
    }
}
