//! From the bytes of a head or of an entry to what they say.

use std::fmt::Display;

use super::cursor::Cursor;
use super::parts::{CUSTOM, MAGIC, NO_DATA, NOT_SET, SET, WITHOUT_OIDS};
use super::{ArchiveVersion, Created, DataPosition, Entry, Section, Toc};
use crate::error::{ArchiveError, Compression};
use crate::number::{INT_SIZE, OFFSET_SIZE};

/// The first bytes, which are the same in all versions and formats.
pub(super) fn start(cursor: &mut Cursor<'_>) -> Result<ArchiveVersion, ArchiveError> {
    if cursor.array("the magic word")? != *MAGIC {
        return Err(ArchiveError::Foreign);
    }
    let [major, minor, revision] = cursor.array("the version")?;
    let version = ArchiveVersion { major, minor, revision };
    if !version.is_supported() {
        return Err(ArchiveError::Version { version });
    }
    let at = cursor.at();
    let sizes = cursor.array("the sizes of numbers")?;
    if sizes != [INT_SIZE, OFFSET_SIZE] {
        return Err(unexpected(at, "the sizes of numbers, 4 and 8", &format!("{sizes:?}")));
    }
    match cursor.byte("the format")? {
        CUSTOM => Ok(version),
        format => Err(ArchiveError::Format { format }),
    }
}

/// The rest of the head, and how many entries follow.
pub(super) fn head(cursor: &mut Cursor<'_>, version: ArchiveVersion) -> Result<(Toc, u32), ArchiveError> {
    if let Some(compression) = compression(cursor, version)? {
        return Err(ArchiveError::Compressed { compression });
    }
    let created = Created {
        second: cursor.int("the second")?,
        minute: cursor.int("the minute")?,
        hour: cursor.int("the hour")?,
        day: cursor.int("the day")?,
        month: cursor.int("the month")?,
        year: cursor.int("the year")?,
        is_dst: cursor.int("whether it was summer time")?,
    };
    let dbname = cursor.text("the name of the database")?;
    let remote_version = cursor.text("the version of the server")?;
    let dump_version = cursor.text("the version of `pg_dump`")?;
    let at = cursor.at();
    let count = cursor.int("the number of entries")?;
    let left = u32::try_from(count).map_err(|_| unexpected(at, "the number of entries", &count))?;
    // The number is not yet proven: memory is taken for entries that are there.
    Ok((Toc { version, created, dbname, remote_version, dump_version, entries: Vec::new(), read_from: None }, left))
}

fn compression(cursor: &mut Cursor<'_>, version: ArchiveVersion) -> Result<Option<Compression>, ArchiveError> {
    let at = cursor.at();
    if !version.names_compression() {
        let level = cursor.int("the level of compression")?;
        return Ok((level != 0).then_some(Compression::Gzip));
    }
    match cursor.byte("the compression")? {
        0 => Ok(None),
        1 => Ok(Some(Compression::Gzip)),
        2 => Ok(Some(Compression::Lz4)),
        3 => Ok(Some(Compression::Zstd)),
        other => Err(unexpected(at, "the compression, a number up to 3", &other)),
    }
}

pub(super) fn entry(cursor: &mut Cursor<'_>, version: ArchiveVersion) -> Result<Entry, ArchiveError> {
    let at = cursor.at();
    let dump_id = cursor.int("the number of an entry")?;
    if dump_id <= 0 {
        return Err(unexpected(at, "the number of an entry, above 0", &dump_id));
    }
    Ok(Entry {
        dump_id,
        had_data: had_data(cursor)?,
        table_oid: cursor.some_text("the OID of a catalog")?,
        oid: cursor.some_text("an OID")?,
        tag: cursor.text("the name of an entry")?,
        desc: cursor.some_text("the kind of an entry")?,
        section: section(cursor)?,
        definition: cursor.text("a definition")?,
        drop_statement: cursor.text("a statement that drops")?,
        copy_statement: cursor.text("a COPY statement")?,
        namespace: cursor.text("the name of a schema")?,
        tablespace: cursor.text("the name of a tablespace")?,
        table_am: cursor.text("the name of an access method")?,
        relation_kind: if version.has_relation_kinds() { cursor.int("the kind of a relation")? } else { 0 },
        owner: owner(cursor)?,
        dependencies: dependencies(cursor)?,
        data: data(cursor)?,
    })
}

fn had_data(cursor: &mut Cursor<'_>) -> Result<bool, ArchiveError> {
    let at = cursor.at();
    match cursor.int("whether an entry has data")? {
        0 => Ok(false),
        1 => Ok(true),
        other => Err(unexpected(at, "whether an entry has data, 0 or 1", &other)),
    }
}

fn section(cursor: &mut Cursor<'_>) -> Result<Section, ArchiveError> {
    let at = cursor.at();
    match cursor.int("a section")? {
        1 => Ok(Section::None),
        2 => Ok(Section::PreData),
        3 => Ok(Section::Data),
        4 => Ok(Section::PostData),
        other => Err(unexpected(at, "a section, a number from 1 to 4", &other)),
    }
}

fn owner(cursor: &mut Cursor<'_>) -> Result<Option<String>, ArchiveError> {
    let owner = cursor.text("an owner")?;
    let at = cursor.at();
    match cursor.text("whether rows have OIDs")?.as_deref() {
        Some(WITHOUT_OIDS) => Ok(owner),
        other => Err(unexpected(at, "`false`, as rows have no OIDs", &format!("{other:?}"))),
    }
}

fn dependencies(cursor: &mut Cursor<'_>) -> Result<Vec<String>, ArchiveError> {
    let mut found = Vec::new();
    while let Some(dependency) = cursor.text("the number of another entry")? {
        found.push(dependency);
    }
    Ok(found)
}

fn data(cursor: &mut Cursor<'_>) -> Result<DataPosition, ArchiveError> {
    let at = cursor.at();
    let state = cursor.byte("whether data lie somewhere")?;
    match (state, u64::from_le_bytes(cursor.array("where data lie")?)) {
        (NOT_SET, 0) => Ok(DataPosition::NotSet),
        (SET, offset) => Ok(DataPosition::Set(offset)),
        (NO_DATA, 0) => Ok(DataPosition::NoData),
        (state, offset) => Err(unexpected(at, "where data lie", &format!("{offset} in the state {state}"))),
    }
}

fn unexpected(at: u64, expected: &'static str, found: &dyn Display) -> ArchiveError {
    ArchiveError::Unexpected { at, expected, found: found.to_string() }
}
