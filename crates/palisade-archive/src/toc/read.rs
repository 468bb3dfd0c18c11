//! Reading head and table of contents, piece by piece.

use std::fmt;

use xxhash_rust::xxh3::Xxh3Default;

use super::cursor::Cursor;
use super::parts::{self, MAGIC};
use super::scan::Scan;
use super::{ArchiveVersion, Toc, parse};
use crate::error::ArchiveError;

/// The largest table of contents that is read, because it is kept in memory. That of 100,000 tables has some 100 MB.
const LARGEST: u64 = 1 << 30;

/// What has been read of head and table of contents.
pub(crate) struct TocReader {
    /// The bytes of the item that is being read: the start, the head, or an entry.
    buffer: Vec<u8>,
    /// Where in the archive `buffer` begins.
    at: u64,
    scan: Scan,
    stage: Stage,
    /// Of all bytes before `buffer`.
    digest: Xxh3Default,
}

/// The item that is being read.
#[derive(Debug)]
enum Stage {
    Start,
    Head(ArchiveVersion),
    Entry { toc: Toc, left: u32 },
}

impl TocReader {
    pub(crate) fn new() -> Self {
        let (scan, digest) = (Scan::new(parts::START), Xxh3Default::new());
        Self { buffer: Vec::new(), at: 0, scan, stage: Stage::Start, digest }
    }

    /// How many bytes were taken.
    pub(crate) fn position(&self) -> u64 {
        self.at + self.buffer.len() as u64
    }

    /// Takes what belongs to the table of contents from `input`; the whole table once its last byte is there.
    pub(crate) fn read(&mut self, input: &mut &[u8]) -> Result<Option<Toc>, ArchiveError> {
        loop {
            let wanted = self.scan.wants(&self.buffer, self.at)?;
            if wanted == 0 {
                if let Some(toc) = self.complete()? {
                    return Ok(Some(toc));
                }
                continue;
            }
            let length = self.position() + wanted as u64;
            if length > LARGEST {
                let what = "a table of contents";
                return Err(ArchiveError::TooLong { at: 0, what, length, limit: LARGEST });
            }
            let (bytes, rest) = input.split_at(wanted.min(input.len()));
            if bytes.is_empty() {
                return Ok(None);
            }
            self.buffer.extend_from_slice(bytes);
            *input = rest;
        }
    }

    /// Reads the item that is in the buffer as a whole, and goes on to the next one.
    fn complete(&mut self) -> Result<Option<Toc>, ArchiveError> {
        self.digest.update(&self.buffer);
        let mut cursor = Cursor::new(&self.buffer, self.at);
        // Should it fail, nothing is read with this reader again.
        let (mut toc, left) = match std::mem::replace(&mut self.stage, Stage::Start) {
            Stage::Start => {
                let version = parse::start(&mut cursor)?;
                self.go_on(Stage::Head(version), Scan::new(parts::head(version)));
                return Ok(None);
            }
            Stage::Head(version) => parse::head(&mut cursor, version)?,
            Stage::Entry { mut toc, left } => {
                toc.entries.push(parse::entry(&mut cursor, toc.version)?);
                (toc, left.saturating_sub(1))
            }
        };
        if left == 0 {
            toc.read_from = Some(self.digest.digest128());
            return Ok(Some(toc));
        }
        let scan = Scan::new(parts::entry(toc.version));
        self.go_on(Stage::Entry { toc, left }, scan);
        Ok(None)
    }

    fn go_on(&mut self, stage: Stage, scan: Scan) {
        self.at += self.buffer.len() as u64;
        self.buffer.clear();
        (self.stage, self.scan) = (stage, scan);
    }

    /// The error of an archive that ends here.
    pub(crate) fn cut(&self) -> ArchiveError {
        let within = match self.stage {
            Stage::Start if self.buffer.iter().zip(MAGIC).any(|(is, should)| is != should) => {
                return ArchiveError::Foreign;
            }
            Stage::Start | Stage::Head(_) => "its head",
            Stage::Entry { .. } => "its table of contents",
        };
        ArchiveError::Cut { at: self.position(), within }
    }
}

impl fmt::Debug for TocReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { buffer: _, at, scan, stage, digest: _ } = self;
        f.debug_struct("TocReader").field("at", at).field("scan", scan).field("stage", stage).finish_non_exhaustive()
    }
}
