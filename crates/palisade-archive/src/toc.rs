//! The table of contents: what an archive says about itself before its data.

mod cursor;
mod parse;
mod parts;
mod read;
mod scan;
mod write;

use std::fmt;

pub(crate) use read::TocReader;

/// The head and the table of contents of an archive.
///
/// The fields can be changed, and [`Self::write`] makes an archive's beginning of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toc {
    /// The version of the format: 1.14 is Postgres 15, 1.15 is 16, 1.16 is 17 and 18.
    pub version: ArchiveVersion,
    /// When `pg_dump` began.
    pub created: Created,
    /// The database that was dumped.
    pub dbname: Option<String>,
    /// The version of the server as it calls itself, e.g. `17.5 (Debian 17.5-1)`.
    pub remote_version: Option<String>,
    /// The version of `pg_dump`.
    pub dump_version: Option<String>,
    /// All entries, in the order in which they are restored.
    pub entries: Vec<Entry>,
    /// A digest of the bytes from which this was read: as long as they stay the same, positions of data stay true.
    pub(crate) read_from: Option<u128>,
}

/// Version of the format of archives; not that of Postgres.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ArchiveVersion {
    /// First number.
    pub major: u8,
    /// Second number.
    pub minor: u8,
    /// Third number.
    pub revision: u8,
}

/// A moment, as the machine of `pg_dump` showed it in its time zone, which the archive does not name. The fields are those
/// of C's `struct tm`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Created {
    /// Second, from 0.
    pub second: i32,
    /// Minute, from 0.
    pub minute: i32,
    /// Hour, from 0.
    pub hour: i32,
    /// Day of the month, from 1.
    pub day: i32,
    /// Month, from 0.
    pub month: i32,
    /// Year since 1900.
    pub year: i32,
    /// Whether it was summer time: positive if so, negative if nobody knew.
    pub is_dst: i32,
}

/// One entry of the table of contents: an object, or the data of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its number in this archive, above 0; data and dependencies refer to it.
    pub dump_id: i32,
    /// Whether `pg_dump` wrote data for it.
    pub had_data: bool,
    /// OID of the catalog that the object is in, `0` if it is no object.
    pub table_oid: String,
    /// OID of the object.
    pub oid: String,
    /// What it is called: mostly the name of the object.
    pub tag: Option<String>,
    /// What it is: `TABLE`, `TABLE DATA`, `BLOBS`, …
    pub desc: String,
    /// When it is restored.
    pub section: Section,
    /// The SQL that makes it.
    pub definition: Option<String>,
    /// The SQL that removes it.
    pub drop_statement: Option<String>,
    /// For data of tables: `COPY … FROM stdin;`. `None` if the data are statements, as `--inserts` makes them.
    pub copy_statement: Option<String>,
    /// The schema.
    pub namespace: Option<String>,
    /// The tablespace; empty is the database's own.
    pub tablespace: Option<String>,
    /// The table access method.
    pub table_am: Option<String>,
    /// `pg_class.relkind` as a number, 0 for what is no relation; since archive version 1.16, else 0.
    pub relation_kind: i32,
    /// The owner; empty if there is none.
    pub owner: Option<String>,
    /// The numbers of entries that have to be restored before it, as the archive has them: in decimal digits.
    pub dependencies: Vec<String>,
    /// Where its data lie in the archive.
    pub data: DataPosition,
}

/// When an entry is restored, as `--section` of `pg_restore` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Section {
    /// In that of the entry before it: settings, comments, privileges, security labels. [`Toc::sections`] knows which it is.
    None,
    /// Before the data.
    PreData,
    /// The data.
    Data,
    /// After the data: indexes, constraints, triggers, …
    PostData,
}

/// Where data lie in an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataPosition {
    /// Nobody wrote it down: the archive went through a pipe. Whoever wants the data has to look for them.
    NotSet,
    /// At this byte of the archive, counted from 0.
    Set(u64),
    /// There are none.
    NoData,
}

impl Toc {
    /// Removes entries. What depends on a removed entry keeps saying so: see [`Self::write`].
    ///
    /// Keep those that are [settings](Entry::is_setting): without them, `pg_restore` takes texts for bytes without
    /// encoding, and lets backslashes escape.
    ///
    /// Data of removed entries must be left out of the archive as well, else [`Reader`](crate::Reader) will not read it;
    /// `pg_restore` would read over them.
    pub fn retain(&mut self, keep: impl FnMut(&Entry) -> bool) {
        self.entries.retain(keep);
    }

    /// The entry with this number.
    pub fn entry(&self, dump_id: i32) -> Option<&Entry> {
        self.entries.iter().find(|it| it.dump_id == dump_id)
    }

    /// All entries, each with the section to which `pg_restore --section` counts it, which is never [`Section::None`].
    pub fn sections(&self) -> impl Iterator<Item = (Section, &Entry)> {
        self.entries.iter().scan(Section::PreData, |section, entry| {
            if entry.section != Section::None {
                *section = entry.section;
            }
            Some((*section, entry))
        })
    }

    /// Forgets where data lie. To be called where the data of an archive are changed and its table of contents is not.
    pub fn forget_positions(&mut self) {
        for entry in &mut self.entries {
            entry.data = entry.data.forgotten();
        }
    }
}

impl Entry {
    /// Whether the archive holds data for it.
    pub fn has_data(&self) -> bool {
        self.had_data && self.data != DataPosition::NoData
    }

    /// Whether it is no object, but says under which settings all others are to be restored.
    pub fn is_setting(&self) -> bool {
        matches!(self.desc.as_str(), "ENCODING" | "STDSTRINGS" | "SEARCHPATH")
    }

    /// Whether its data are large objects; those of all other entries are COPY text or statements.
    pub fn is_large_objects(&self) -> bool {
        self.desc == "BLOBS"
    }
}

impl DataPosition {
    pub(crate) fn forgotten(self) -> Self {
        match self {
            Self::NotSet | Self::Set(_) => Self::NotSet,
            Self::NoData => Self::NoData,
        }
    }
}

/// For people, e.g. `TABLE DATA public.people`. It is not quoted.
impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = [&self.namespace, &self.tag].into_iter().flatten().filter(|it| !it.is_empty());
        let names: Vec<&str> = names.map(String::as_str).collect();
        write!(f, "{} {}", self.desc, names.join("."))
    }
}

impl fmt::Display for ArchiveVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { major, minor, revision } = self;
        write!(f, "{major}.{minor}.{revision}")
    }
}
