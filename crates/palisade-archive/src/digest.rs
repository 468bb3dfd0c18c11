//! Reading rows of COPY text.

use std::fmt;

use memchr::memchr_iter;
use xxhash_rust::xxh3::{Xxh3Default, xxh3_128};

use crate::rows::{Digest, Rows};

/// Reads the rows of COPY text, which arrives in pieces that are cut anywhere.
///
/// A line feed always ends a row, because those in values are [escaped][text]. A row that is exactly `\.` ends the rows:
/// archives and scripts have it, the protocol does not. Behind it, archives have blank lines.
///
/// No row is kept: one that lies in several pieces is hashed piece by piece.
///
/// [text]: https://www.postgresql.org/docs/current/sql-copy.html#SQL-COPY-FILE-FORMATS
#[derive(Clone, Default)]
pub struct RowDigest {
    complete: Rows,
    open: Option<Box<OpenRow>>,
    end: End,
}

/// A row of which some bytes have come.
#[derive(Clone)]
struct OpenRow {
    hash: Xxh3Default,
    length: u64,
    /// Whether all of it is the beginning of the mark of the end.
    may_be_end: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum End {
    #[default]
    NotSeen,
    Seen,
    /// Something else than blank lines stands behind it.
    GoesOn,
}

const END: &[u8] = b"\\.";

/// Why rows of COPY text cannot be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CopyTextError {
    /// The last row has no line feed.
    #[error("COPY text ends within a row, behind {rows} whole ones")]
    Unterminated {
        /// How many rows are complete.
        rows: u64,
    },
    /// Something else than blank lines stands behind the end.
    #[error("COPY text goes on behind its end, which comes after {rows} rows")]
    BehindEnd {
        /// How many rows there are before the end.
        rows: u64,
    },
}

impl CopyTextError {
    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::Unterminated { .. } => "copy again: the end was lost".to_owned(),
            Self::BehindEnd { .. } => {
                "read each table with a digest of its own, and only COPY in the text format".to_owned()
            }
        }
    }
}

impl RowDigest {
    /// Before the first row.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads the next piece.
    pub fn update(&mut self, piece: &[u8]) {
        if self.end != End::NotSeen {
            return self.behind_end(piece);
        }
        let mut rest = piece;
        if self.open.is_some() {
            let Some(feed) = memchr::memchr(b'\n', piece) else { return self.begin(piece) };
            let (row, behind) = piece.split_at(feed);
            rest = behind.get(1..).unwrap_or_default();
            self.close(row);
            if self.end != End::NotSeen {
                return self.behind_end(rest);
            }
        }
        let (mut start, mut rows, mut sum) = (0, 0, 0_u128);
        for feed in memchr_iter(b'\n', rest) {
            let row = rest.get(start..feed).unwrap_or_default();
            if row == END {
                self.end = End::Seen;
                break;
            }
            start = feed + 1;
            rows += 1;
            sum = sum.wrapping_add(xxh3_128(row));
        }
        self.complete += Rows { rows, bytes: start as u64, digest: Digest(sum) };
        let behind = rest.get(start..).unwrap_or_default();
        match self.end {
            End::NotSeen => self.begin(behind),
            // The line feed of the mark is as good as a blank line.
            End::Seen | End::GoesOn => self.behind_end(behind.get(END.len()..).unwrap_or_default()),
        }
    }

    /// All rows.
    ///
    /// # Errors
    ///
    /// [`CopyTextError`] if the text was no COPY text from its beginning to its end.
    pub fn finish(self) -> Result<Rows, CopyTextError> {
        let Rows { rows, .. } = self.complete;
        match (self.end, self.open) {
            (End::NotSeen, Some(_)) => Err(CopyTextError::Unterminated { rows }),
            (End::GoesOn, _) => Err(CopyTextError::BehindEnd { rows }),
            (End::NotSeen | End::Seen, _) => Ok(self.complete),
        }
    }

    fn behind_end(&mut self, piece: &[u8]) {
        if piece.iter().any(|it| *it != b'\n') {
            self.end = End::GoesOn;
        }
    }

    /// Takes bytes of a row whose end is not there yet.
    fn begin(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.open.get_or_insert_default().push(bytes);
        }
    }

    /// Takes the last bytes of a row that began in an earlier piece.
    fn close(&mut self, bytes: &[u8]) {
        let Some(mut row) = self.open.take() else { return };
        row.push(bytes);
        if row.may_be_end && row.length == END.len() as u64 {
            self.end = End::Seen;
        } else {
            let digest = Digest(row.hash.digest128());
            self.complete += Rows { rows: 1, bytes: row.length + 1, digest };
        }
    }
}

impl OpenRow {
    fn push(&mut self, bytes: &[u8]) {
        let rest = usize::try_from(self.length).ok().and_then(|it| END.get(it..)).unwrap_or_default();
        self.may_be_end &= rest.starts_with(bytes);
        self.hash.update(bytes);
        self.length += bytes.len() as u64;
    }
}

impl Default for OpenRow {
    fn default() -> Self {
        Self { hash: Xxh3Default::new(), length: 0, may_be_end: true }
    }
}

impl fmt::Debug for RowDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { complete, open, end } = self;
        let open = open.as_ref().map(|it| it.length);
        f.debug_struct("RowDigest").field("complete", complete).field("open", &open).field("end", end).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::{CopyTextError, RowDigest};
    use crate::rows::{Digest, Rows};
    use proptest::collection::vec;
    use proptest::prelude::{any, prop_oneof, proptest};
    use proptest::strategy::{Just, Strategy};
    use xxhash_rust::xxh3::xxh3_128;

    fn read(pieces: &[&[u8]]) -> Result<Rows, CopyTextError> {
        let mut digest = RowDigest::new();
        for piece in pieces {
            digest.update(piece);
        }
        digest.finish()
    }

    /// The definition, word by word.
    fn expected(rows: &[&[u8]]) -> Rows {
        let bytes = rows.iter().map(|it| it.len() as u64 + 1).sum();
        let digest = rows.iter().fold(0_u128, |sum, it| sum.wrapping_add(xxh3_128(it)));
        Rows { rows: rows.len() as u64, bytes, digest: Digest(digest) }
    }

    #[test]
    fn a_line_feed_ends_a_row() {
        assert_eq!(read(&[]), Ok(Rows::default()));
        assert_eq!(read(&[b"a\tb\n\nc\\nd\n"]), Ok(expected(&[b"a\tb", b"", b"c\\nd"])));
        assert_eq!(read(&[b"a\nb"]), Err(CopyTextError::Unterminated { rows: 1 }));
    }

    #[test]
    fn the_end_ends_all_rows() {
        for pieces in [&[&b"a\n\\.\n\n\n"[..]][..], &[b"a\n\\", b".", b"\n", b"\n\n"], &[b"a\n\\.", b"\n\n\n"]] {
            assert_eq!(read(pieces), Ok(expected(&[b"a"])));
        }
        for pieces in [&[&b"a\n\\.\n\nb\n"[..]][..], &[b"a\n\\.", b"\nb"], &[b"a\n\\.\n", b"b"]] {
            assert_eq!(read(pieces), Err(CopyTextError::BehindEnd { rows: 1 }));
        }
        // Rows that only look like it; the first is what the value `\.` looks like.
        assert_eq!(read(&[b"\\\\.\n\\.a\n", b"\\", b"..\n"]), Ok(expected(&[b"\\\\.", b"\\.a", b"\\.."])));
    }

    #[test]
    fn order_does_not_matter_but_number_does() {
        assert_eq!(read(&[b"a\nb\nc\n"]), read(&[b"c\na\nb\n"]));
        assert_ne!(read(&[b"a\nb\n"]), read(&[b"a\nb\nb\n"]));
        assert_ne!(read(&[b"a\na\n"]), read(&[b"b\nb\n"]));
    }

    proptest! {
        #[test]
        fn cuts_do_not_matter(
            text in vec(prop_oneof![Just(b"\n".to_vec()), Just(b"\\.\n".to_vec()), vec(any::<u8>(), 0..400)], 0..8),
            cuts in vec(any::<proptest::sample::Index>(), 0..12),
        ) {
            let text = text.concat();
            let mut cuts: Vec<usize> = cuts.iter().map(|it| it.index(text.len() + 1)).collect();
            cuts.sort_unstable();
            let ends = cuts.iter().copied().chain([text.len()]);
            let starts = [0].into_iter().chain(cuts.iter().copied());
            let pieces: Vec<&[u8]> = starts.zip(ends).map(|(start, end)| &text[start..end]).collect();
            assert_eq!(read(&pieces), read(&[&text]));
        }

        #[test]
        fn a_table_can_be_split(rows in vec("[a-z\\\\]{0,300}".prop_map(|it| it + "\n"), 0..20), at in any::<proptest::sample::Index>()) {
            let (left, right) = rows.split_at(at.index(rows.len() + 1));
            let sum = read(&[left.concat().as_bytes()]).unwrap() + read(&[right.concat().as_bytes()]).unwrap();
            assert_eq!(read(&[rows.concat().as_bytes()]), Ok(sum));
        }
    }
}
