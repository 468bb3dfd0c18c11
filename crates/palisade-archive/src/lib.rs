//! What `pg_dump -Fc` writes, read while it streams by, and written again with less in it; and digests of rows.
//!
//! Invariant: this crate is pure. Bytes go in, events and bytes come out; it opens no file, asks no clock, starts no
//! program and waits for nobody. An archive may be larger than memory: only its table of contents is kept, data are
//! handed on as slices of what was fed.
//!
//! Archives are those of `pg_dump` [15 to 18][pg_dump], not compressed (`--format=custom --compress=0`):
//!
//! ```
//! use palisade_archive::{ArchiveError, Event, Reader};
//!
//! /// Counts the bytes of data in an archive that arrives in pieces.
//! fn bytes_of_data<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Result<usize, ArchiveError> {
//!     let (mut reader, mut found) = (Reader::new(), 0);
//!     for mut piece in pieces {
//!         while let Some(event) = reader.next(&mut piece)? {
//!             if let Event::Data(bytes) | Event::LargeObjectData(bytes) = event {
//!                 found += bytes.len();
//!             }
//!         }
//!     }
//!     reader.finish()?; // Without it, an archive that was cut between two tables would look complete.
//!     Ok(found)
//! }
//! # assert!(bytes_of_data([&b"PGDMP"[..]].into_iter()).is_err());
//! ```
//!
//! [`Event::write`] is the way back. The table of contents of an archive that went through a pipe says nothing about
//! where data lie, so another one fits in front of the same data: see [`Toc::write`].
//!
//! [`RowDigest`] reads [COPY text][copy], in which a line feed always ends a row.
//!
//! [pg_dump]: https://www.postgresql.org/docs/current/app-pgdump.html
//! [copy]: https://www.postgresql.org/docs/current/sql-copy.html#SQL-COPY-FILE-FORMATS

mod digest;
mod error;
mod event;
mod number;
mod reader;
mod rows;
mod toc;

pub use digest::{CopyTextError, RowDigest};
pub use error::{ArchiveError, Compression};
pub use event::Event;
pub use reader::Reader;
pub use rows::{Digest, DigestError, Rows};
pub use toc::{ArchiveVersion, Created, DataPosition, Entry, Section, Toc};
