//! Of which parts head and entries consist.

use super::ArchiveVersion;
use super::scan::Part::{self, Bytes, Int, Text, Texts};

pub(super) const MAGIC: &[u8; 5] = b"PGDMP";
/// By which number the format `custom` goes.
pub(super) const CUSTOM: u8 = 1;
/// Stands where tables said, up to version 11, whether their rows have OIDs.
pub(super) const WITHOUT_OIDS: &str = "false";

pub(super) const NOT_SET: u8 = 1;
pub(super) const SET: u8 = 2;
pub(super) const NO_DATA: u8 = 3;

/// The magic word; three numbers of the version, two sizes, the format.
pub(super) const START: &[Part] = &[Bytes(MAGIC.len() + 6)];

/// The compression; a moment; three names; the number of entries.
pub(super) fn head(version: ArchiveVersion) -> &'static [Part] {
    if version.names_compression() {
        &[Bytes(1), Int, Int, Int, Int, Int, Int, Int, Text, Text, Text, Int]
    } else {
        &[Int, Int, Int, Int, Int, Int, Int, Int, Text, Text, Text, Int]
    }
}

/// In the order of the fields of [`Entry`](super::Entry), with [`WITHOUT_OIDS`] behind the owner. Where data lie is a
/// byte and an offset.
pub(super) fn entry(version: ArchiveVersion) -> &'static [Part] {
    if version.has_relation_kinds() {
        &[Int, Int, Text, Text, Text, Text, Int, Text, Text, Text, Text, Text, Text, Int, Text, Text, Texts, Bytes(9)]
    } else {
        &[Int, Int, Text, Text, Text, Text, Int, Text, Text, Text, Text, Text, Text, Text, Text, Texts, Bytes(9)]
    }
}

impl ArchiveVersion {
    /// Whether archives of this version are read and written here.
    pub(super) fn is_supported(self) -> bool {
        self.major == 1 && (14..=16).contains(&self.minor)
    }

    /// Whether the compression is a byte that names the algorithm; before, it was the level of gzip.
    pub(super) fn names_compression(self) -> bool {
        (self.major, self.minor) >= (1, 15)
    }

    pub(super) fn has_relation_kinds(self) -> bool {
        (self.major, self.minor) >= (1, 16)
    }
}
