//! What an archive consists of.

use crate::number::encode;
use crate::toc::Toc;

/// The next part of an archive. Data are slices of what was fed, so their pieces are cut anywhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event<'a> {
    /// Head and table of contents. First, and once.
    Toc(Box<Toc>),
    /// The data of an entry begin.
    DataBegin {
        /// The entry.
        dump_id: i32,
    },
    /// Some of the data: COPY text, if the entry has a `copy_statement`. Never empty.
    Data(&'a [u8]),
    /// The data of the entry are complete.
    DataEnd,
    /// The large objects of an entry begin.
    LargeObjectsBegin {
        /// The entry.
        dump_id: i32,
    },
    /// A large object begins.
    LargeObjectBegin {
        /// Its OID, never 0.
        oid: u32,
    },
    /// Some of its bytes. Never empty.
    LargeObjectData(&'a [u8]),
    /// The large object is complete.
    LargeObjectEnd,
    /// The large objects of the entry are complete.
    LargeObjectsEnd,
}

/// What a block of data begins with.
pub(crate) const DATA: u8 = 1;
/// What a block of large objects begins with.
pub(crate) const LARGE_OBJECTS: u8 = 3;

/// Larger pieces are cut: `pg_restore` keeps each in memory.
const LARGEST_CHUNK: usize = 1 << 20;

impl Event<'_> {
    /// Appends the bytes of this event as they stand in an archive. Those of all events make one with the same content.
    ///
    /// To leave an entry out, remove it from the [`Toc`] and do not write the events of its data. Data of an event are
    /// framed by five bytes, so many tiny pieces make an archive larger than it was.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Toc(toc) => out.extend(toc.write()),
            Self::DataBegin { dump_id } => begin(DATA, *dump_id, out),
            Self::LargeObjectsBegin { dump_id } => begin(LARGE_OBJECTS, *dump_id, out),
            Self::LargeObjectBegin { oid } => out.extend(encode(oid.cast_signed())),
            Self::Data(bytes) | Self::LargeObjectData(bytes) => {
                for chunk in bytes.chunks(LARGEST_CHUNK) {
                    out.extend(encode(i32::try_from(chunk.len()).unwrap_or(i32::MAX)));
                    out.extend_from_slice(chunk);
                }
            }
            Self::DataEnd | Self::LargeObjectEnd | Self::LargeObjectsEnd => out.extend(encode(0)),
        }
    }
}

fn begin(kind: u8, dump_id: i32, out: &mut Vec<u8>) {
    out.push(kind);
    out.extend(encode(dump_id));
}
