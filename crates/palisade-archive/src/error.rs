//! Why something is no archive that can be read.

use std::fmt;

use crate::toc::ArchiveVersion;

/// Why an archive cannot be read. Offsets are counted from 0.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveError {
    /// It begins with something else.
    #[error("not an archive of `pg_dump`: it does not begin with `PGDMP`")]
    Foreign,
    /// The file `toc.dat` of another format: `tar` and `directory` have one that begins in the same way.
    #[error("an archive of `pg_dump` in another format than `custom`, number {format}")]
    Format {
        /// The number by which the archive calls its format.
        format: u8,
    },
    /// Made by a version that is not known here.
    #[error("archive version {version} is not supported: those of Postgres 15 to 18 are 1.14 to 1.16")]
    Version {
        /// The version.
        version: ArchiveVersion,
    },
    /// Its data are compressed.
    #[error("the archive is compressed with {compression}")]
    Compressed {
        /// How.
        compression: Compression,
    },
    /// Something else stands where something known has to stand.
    #[error("damaged at byte {at}: {expected} expected, not {found}")]
    Unexpected {
        /// Where it begins.
        at: u64,
        /// What should be there.
        expected: &'static str,
        /// What is there.
        found: String,
    },
    /// A text or the whole table of contents claims to be longer than any real one.
    #[error("damaged at byte {at}: {what} of {length} bytes, and more than {limit} are not accepted")]
    TooLong {
        /// Where it begins.
        at: u64,
        /// What is too long.
        what: &'static str,
        /// How long it claims to be, in bytes.
        length: u64,
        /// The most that is accepted, in bytes.
        limit: u64,
    },
    /// A text in another encoding.
    #[error("at byte {at}: {what} is not UTF-8")]
    Encoding {
        /// Where the text begins.
        at: u64,
        /// What the text is.
        what: &'static str,
    },
    /// The archive ends in the middle of something.
    #[error("incomplete: it ends at byte {at}, within {within}")]
    Cut {
        /// Its length.
        at: u64,
        /// What should have gone on.
        within: &'static str,
    },
    /// The archive ends where one could end, but not all is there that its table of contents promises.
    #[error("incomplete: it ends at byte {at}, and data of {count} entries are missing: {}", names.join(", "))]
    Missing {
        /// Its length.
        at: u64,
        /// How many entries have no data.
        count: usize,
        /// The first of these.
        names: Vec<String>,
    },
}

/// How the data of an archive are compressed, from the view of somebody who cannot read them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// gzip, the default of `pg_dump`.
    Gzip,
    /// LZ4, since version 16.
    Lz4,
    /// Zstandard, since version 16.
    Zstd,
}

impl ArchiveError {
    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::Foreign | Self::Format { .. } | Self::Compressed { .. } => {
                "dump with `pg_dump --format=custom --compress=0`".to_owned()
            }
            Self::Version { .. } => "dump with the `pg_dump` of Postgres 15, 16, 17 or 18".to_owned(),
            Self::Encoding { .. } => "dump with `pg_dump --encoding=UTF8`".to_owned(),
            Self::Cut { .. } | Self::Missing { .. } => {
                "dump again, and see whether `pg_dump` or whoever stored the archive failed: its end was lost"
                    .to_owned()
            }
            Self::Unexpected { .. } | Self::TooLong { .. } => {
                "use another copy of the archive: this one was changed after it was written".to_owned()
            }
        }
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gzip => "gzip",
            Self::Lz4 => "LZ4",
            Self::Zstd => "Zstandard",
        })
    }
}
