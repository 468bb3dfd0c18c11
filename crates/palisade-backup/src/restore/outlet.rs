//! What `pg_restore` reads, with its end held back.

use std::collections::HashSet;

use bytes::{Bytes, BytesMut};
use palisade_archive::{ArchiveError, Event, Reader, Toc};
use tokio::sync::mpsc;

use crate::contents::Found;
use crate::fetch::Take;

/// So much is held back until everything was compared: `pg_restore` cannot come to its COMMIT before it has read the last of its input.
const HELD: usize = 64 * 1024;
/// What is sent at once.
const PIECE: usize = 256 * 1024;

/// How an archive that comes out of the store goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// All of it, with another table of contents.
    Archive,
    /// Its data only: the table of contents is already written.
    Data,
    /// Rows of COPY, inside data that were begun.
    Rows,
    /// Nothing: only its table of contents is wanted.
    Contents,
}

/// Changes a table of contents, and says of which entries the data are wanted.
pub(super) type EditContents = Box<dyn FnMut(&mut Toc) -> HashSet<i32> + Send>;

/// Turns what comes out of the store into what `pg_restore` reads.
pub(super) struct Outlet {
    sink: mpsc::Sender<Bytes>,
    buffer: BytesMut,
    mode: Mode,
    reader: Reader,
    /// What was read, to be compared with the manifest.
    pub(super) found: Found,
    edit: EditContents,
    /// Entries whose data are wanted. Others are compared, and not written: `pg_restore` would not read the last of them.
    wanted: Option<HashSet<i32>>,
    is_wanted: bool,
    digest: palisade_archive::RowDigest,
}

impl Outlet {
    pub(super) fn new(sink: mpsc::Sender<Bytes>, edit: EditContents) -> Self {
        Self {
            sink,
            buffer: BytesMut::with_capacity(PIECE + HELD),
            mode: Mode::Contents,
            reader: Reader::new(),
            found: Found::default(),
            edit,
            wanted: None,
            is_wanted: true,
            digest: palisade_archive::RowDigest::new(),
        }
    }

    /// Only data of these entries are written from now on.
    pub(super) fn want(&mut self, wanted: HashSet<i32>) {
        self.wanted = Some(wanted);
    }

    /// Begins another part.
    pub(super) fn begin(&mut self, mode: Mode) {
        self.mode = mode;
        self.reader = Reader::new();
        self.digest = palisade_archive::RowDigest::new();
    }

    /// Writes an event of our own. `false` if nobody reads any more.
    pub(super) async fn write(&mut self, event: &Event<'_>) -> bool {
        self.push(event);
        match self.full() {
            Some(full) => self.sink.send(full).await.is_ok(),
            None => true,
        }
    }

    /// Ends a part of rows.
    pub(super) fn rows(&mut self) -> Result<palisade_archive::Rows, palisade_archive::CopyTextError> {
        std::mem::take(&mut self.digest).finish()
    }

    /// Ends an archive, and says what its table of contents was.
    pub(super) fn contents(&mut self) -> Result<Option<Toc>, ArchiveError> {
        std::mem::take(&mut self.reader).finish()?;
        Ok(self.found.toc.take())
    }

    /// Lets go of the end: everything is as it should be.
    pub(super) async fn release(mut self) -> bool {
        let rest = self.buffer.split().freeze();
        rest.is_empty() || self.sink.send(rest).await.is_ok()
    }

    /// What can be sent, if it is worth it.
    fn full(&mut self) -> Option<Bytes> {
        (self.buffer.len() >= PIECE + HELD).then(|| self.buffer.split_to(self.buffer.len() - HELD).freeze())
    }
}

impl Take for Outlet {
    fn take(&mut self, bytes: &[u8]) -> Result<bool, ArchiveError> {
        if self.mode == Mode::Rows {
            self.digest.update(bytes);
            self.push(&Event::Data(bytes));
        } else {
            let mut input = bytes;
            while let Some(event) = self.reader.next(&mut input)? {
                self.event(event);
            }
        }
        Ok(self.flush())
    }
}

impl Outlet {
    /// Passes on one event of an archive that somebody else reads. `false` if nobody takes it any more.
    pub(super) fn pass(&mut self, event: Event<'_>) -> bool {
        self.event(event);
        self.flush()
    }

    fn flush(&mut self) -> bool {
        match self.full() {
            Some(full) => self.sink.blocking_send(full).is_ok(),
            None => true,
        }
    }

    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Toc(mut toc) => {
                self.found.take(&Event::Toc(toc.clone()));
                if self.mode == Mode::Archive {
                    self.wanted = Some((self.edit)(&mut toc));
                    self.push(&Event::Toc(toc));
                }
            }
            event => {
                self.found.take(&event);
                if self.mode != Mode::Contents {
                    self.push(&event);
                }
            }
        }
    }

    fn push(&mut self, event: &Event<'_>) {
        match event {
            Event::Toc(_) => self.is_wanted = true,
            Event::DataBegin { dump_id } | Event::LargeObjectsBegin { dump_id } => {
                self.is_wanted = self.wanted.as_ref().is_none_or(|it| it.contains(dump_id));
            }
            _ => {}
        }
        if !self.is_wanted {
            return;
        }
        let mut bytes = Vec::new();
        event.write(&mut bytes);
        self.buffer.extend_from_slice(&bytes);
    }
}
