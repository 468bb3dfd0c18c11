//! Reading an object.

use std::fs::File;
use std::io::{self, Read as _};

use bytes::Bytes;
use camino::Utf8PathBuf;
use rustix::fs::OFlags;
use rustix::io::Errno;
use tokio::task::JoinHandle;

use crate::directory::Directory;
use crate::directory::failure::failed;
use crate::{Key, StoreError};

/// How much is read at once: few enough trips to the disk, little enough memory.
const PIECE: u64 = 1 << 20;

/// An object being read. The next piece is on its way while the caller works on this one.
#[derive(Debug)]
pub(crate) struct Reader {
    key: Key,
    path: Utf8PathBuf,
    size: u64,
    /// What was asked of the disk so far.
    asked: u64,
    /// What came of it.
    got: u64,
    ahead: Option<JoinHandle<(File, io::Result<Vec<u8>>)>>,
    /// `None` while the piece ahead has it, and after a failure.
    file: Option<File>,
}

impl Directory {
    pub(super) fn open(&self, key: &Key) -> Result<Reader, StoreError> {
        let path = self.path(key);
        let (folder, name) = self.holder(key)?.ok_or_else(|| self.not_found(key))?;
        let file = match folder.open(name, OFlags::RDONLY) {
            Ok(file) => file,
            Err(Errno::NOENT | Errno::LOOP | Errno::NXIO) => return Err(self.not_found(key)),
            Err(error) => return Err(failed("opening", &path)(error)),
        };
        let found = file.metadata().map_err(failed("reading", &path))?;
        if !found.is_file() {
            return Err(self.not_found(key));
        }
        Ok(Reader { key: key.clone(), path, size: found.len(), asked: 0, got: 0, ahead: None, file: Some(file) })
    }
}

impl Reader {
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    fn read_ahead(&mut self) {
        let wanted = PIECE.min(self.size - self.asked);
        if wanted == 0 || self.ahead.is_some() {
            return;
        }
        if let Some(mut file) = self.file.take() {
            self.asked += wanted;
            self.ahead = Some(tokio::task::spawn_blocking(move || {
                let mut piece = Vec::with_capacity(usize::try_from(wanted).unwrap_or_default());
                let result = (&mut file).take(wanted).read_to_end(&mut piece);
                (file, result.map(|_| piece))
            }));
        }
    }

    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, StoreError> {
        self.read_ahead();
        let interrupted = StoreError::Interrupted { action: "reading" };
        let Some(ahead) = self.ahead.as_mut() else {
            // After a failure there is nothing ahead either.
            return if self.got == self.size { Ok(None) } else { Err(interrupted) };
        };
        // Kept until it is there: whoever stops waiting for it gets it the next time.
        let arrived = ahead.await;
        self.ahead = None;
        let (file, piece) = arrived.map_err(|_| interrupted)?;
        let piece = piece.map_err(failed("reading", &self.path))?;
        self.got += piece.len() as u64;
        if self.got < self.asked {
            // Somebody cut it: what was written by us was whole when it got its name.
            return Err(StoreError::Incomplete { key: self.key.to_string(), expected: self.size, got: self.got });
        }
        self.file = Some(file);
        self.read_ahead();
        Ok(Some(piece.into()))
    }
}
