//! What an archive of `pg_dump` holds, read as it passes.

use std::collections::{BTreeMap, HashMap};

use palisade_archive::{ArchiveError, CopyTextError, Event, Reader, RowDigest, Rows, Toc};

/// Schema and table.
pub(crate) type TableName = (String, String);

/// Reads an archive: its table of contents, and the rows of each table.
#[derive(Debug, Default)]
pub(crate) struct ArchiveContents {
    reader: Reader,
    found: Found,
}

/// What was found in it so far.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) toc: Option<Toc>,
    /// Rows of each table.
    pub(crate) rows: BTreeMap<TableName, Rows>,
    /// Number of large objects.
    pub(crate) large_objects: u64,
    /// What is wrong with rows.
    pub(crate) broken: Option<CopyTextError>,
    tables: HashMap<i32, TableName>,
    current: Option<(TableName, RowDigest)>,
}

impl ArchiveContents {
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Result<(), ArchiveError> {
        let mut input = bytes;
        while let Some(event) = self.reader.next(&mut input)? {
            self.found.take(&event);
        }
        Ok(())
    }

    /// Says what was in it, if it was complete.
    pub(crate) fn finish(self) -> Result<Found, ArchiveError> {
        self.reader.finish()?;
        Ok(self.found)
    }
}

impl Found {
    pub(crate) fn take(&mut self, event: &Event<'_>) {
        match event {
            Event::Toc(toc) => {
                let tables = toc.entries.iter().filter(|it| it.desc == "TABLE DATA");
                let name = |it: &palisade_archive::Entry| {
                    (it.namespace.clone().unwrap_or_default(), it.tag.clone().unwrap_or_default())
                };
                self.tables = tables.map(|it| (it.dump_id, name(it))).collect();
                self.toc = Some((**toc).clone());
            }
            Event::DataBegin { dump_id } => {
                self.current = self.tables.get(dump_id).map(|it| (it.clone(), RowDigest::new()));
            }
            Event::Data(bytes) => {
                if let Some((_, digest)) = &mut self.current {
                    digest.update(bytes);
                }
            }
            Event::DataEnd => {
                if let Some((name, digest)) = self.current.take() {
                    match digest.finish() {
                        Ok(rows) => *self.rows.entry(name).or_default() += rows,
                        Err(error) => self.broken = Some(error),
                    }
                }
            }
            Event::LargeObjectBegin { .. } => self.large_objects += 1,
            Event::LargeObjectsBegin { .. }
            | Event::LargeObjectData(_)
            | Event::LargeObjectEnd
            | Event::LargeObjectsEnd => {}
        }
    }
}
