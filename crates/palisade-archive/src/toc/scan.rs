//! How far the thing reaches that comes next, found out while its bytes arrive, without looking at any byte twice.

use crate::error::ArchiveError;
use crate::number::{self, INT};

/// No definition, comment or name is longer. A value in Postgres can be four times as long, but then nobody could read it.
pub(crate) const LONGEST_TEXT: usize = 1 << 28;

/// A part of the table of contents.
#[derive(Debug, Clone, Copy)]
pub(super) enum Part {
    /// So many bytes.
    Bytes(usize),
    /// A number.
    Int,
    /// A text, or none.
    Text,
    /// Texts up to the first that is none.
    Texts,
}

/// Where in a list of parts we are.
#[derive(Debug)]
pub(super) struct Scan {
    parts: &'static [Part],
    next: usize,
    /// How many bytes the parts before `next` took.
    end: usize,
}

impl Scan {
    pub(super) fn new(parts: &'static [Part]) -> Self {
        Self { parts, next: 0, end: 0 }
    }

    /// How many bytes have to follow those in `buffer` before more can be said. 0 if all is there.
    ///
    /// `buffer` must hold what it held before, and never more than was asked for. `at` is where it begins in the archive.
    pub(super) fn wants(&mut self, buffer: &[u8], at: u64) -> Result<usize, ArchiveError> {
        while let Some(part) = self.parts.get(self.next) {
            let rest = buffer.get(self.end..).unwrap_or_default();
            let (length, is_last) = match part {
                Part::Bytes(length) => (*length, true),
                Part::Int => (INT, true),
                Part::Text | Part::Texts => {
                    let Some(head) = rest.first_chunk() else { return Ok(INT - rest.len()) };
                    let length = text_length(*head, at + self.end as u64)?;
                    (INT + length.unwrap_or(0), length.is_none() || matches!(part, Part::Text))
                }
            };
            if rest.len() < length {
                return Ok(length - rest.len());
            }
            self.end += length;
            self.next += usize::from(is_last);
        }
        Ok(0)
    }
}

/// The length of a text; -1 says that there is none, which is something else than an empty one.
pub(super) fn text_length(head: [u8; INT], at: u64) -> Result<Option<usize>, ArchiveError> {
    let length = match number::decode(head) {
        Some(-1) => return Ok(None),
        Some(length) => usize::try_from(length).ok(),
        None => None,
    };
    let Some(length) = length else {
        return Err(ArchiveError::Unexpected { at, expected: "the length of a text", found: format!("{head:02x?}") });
    };
    if length > LONGEST_TEXT {
        let (length, limit) = (length as u64, LONGEST_TEXT as u64);
        return Err(ArchiveError::TooLong { at, what: "a text", length, limit });
    }
    Ok(Some(length))
}
