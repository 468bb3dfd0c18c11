//! Reading the parts of a piece of the table of contents that is there as a whole.

use super::scan::text_length;
use crate::error::ArchiveError;
use crate::number::{self, INT};

/// A place in some bytes of an archive.
#[derive(Debug)]
pub(super) struct Cursor<'a> {
    rest: &'a [u8],
    /// Where in the archive `rest` begins.
    at: u64,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8], at: u64) -> Self {
        Self { rest: bytes, at }
    }

    pub(super) fn at(&self) -> u64 {
        self.at
    }

    fn take(&mut self, length: usize, what: &'static str) -> Result<&'a [u8], ArchiveError> {
        let Some((bytes, rest)) = self.rest.split_at_checked(length) else {
            return Err(ArchiveError::Cut { at: self.at + self.rest.len() as u64, within: what });
        };
        self.rest = rest;
        self.at += length as u64;
        Ok(bytes)
    }

    pub(super) fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], ArchiveError> {
        let end = self.at + self.rest.len() as u64;
        let bytes = self.take(N, what)?;
        bytes.try_into().map_err(|_| ArchiveError::Cut { at: end, within: what })
    }

    pub(super) fn byte(&mut self, what: &'static str) -> Result<u8, ArchiveError> {
        self.array(what).map(|[byte]| byte)
    }

    pub(super) fn int(&mut self, what: &'static str) -> Result<i32, ArchiveError> {
        let at = self.at;
        let bytes = self.array::<INT>(what)?;
        number::decode(bytes).ok_or_else(|| ArchiveError::Unexpected {
            at,
            expected: what,
            found: format!("{bytes:02x?}, which is no number"),
        })
    }

    pub(super) fn text(&mut self, what: &'static str) -> Result<Option<String>, ArchiveError> {
        let at = self.at;
        let Some(length) = text_length(self.array(what)?, at)? else { return Ok(None) };
        let bytes = self.take(length, what)?;
        let text = std::str::from_utf8(bytes).map_err(|_| ArchiveError::Encoding { at, what })?;
        Ok(Some(text.to_owned()))
    }

    /// A text that is always there.
    pub(super) fn some_text(&mut self, what: &'static str) -> Result<String, ArchiveError> {
        let at = self.at;
        self.text(what)?.ok_or_else(|| ArchiveError::Unexpected { at, expected: what, found: "nothing".to_owned() })
    }
}
