//! Everything by one `pg_dump`.

use std::collections::BTreeMap;

use palisade_archive::Rows;

use super::pg_dump::PgDump;
use super::{Place, Progress, Report};
use crate::create_error::CreateError;
use crate::manifest::{Content, Part};

pub(super) async fn take(
    dump: &PgDump<'_>,
    place: &Place<'_>,
    report: &mut Report<impl FnMut(Progress) + Send>,
    warnings: &mut Vec<String>,
) -> Result<(Vec<Part>, BTreeMap<(String, String), Rows>), CreateError> {
    let (part, contents, said) =
        dump.archive(place, "everything.dump", Content::Everything, &[], |bytes| report.read(bytes)).await?;
    warnings.extend(said.warnings());
    let found = contents.finish()?;
    match found.broken {
        Some(source) => Err(CreateError::CopyText { table: "a table".to_owned(), source }),
        None => Ok((vec![part], found.rows)),
    }
}
