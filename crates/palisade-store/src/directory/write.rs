//! Writing an object.

use std::fmt;
use std::io::Write as _;

use bytes::Bytes;
use camino::Utf8PathBuf;
use tokio::task::JoinHandle;

use crate::directory::failure::failed;
use crate::directory::folder::Folder;
use crate::directory::temporary::Temporary;
use crate::directory::{Directory, blocking};
use crate::{Key, StoreError};

/// How much is collected before it goes to the disk.
const PIECE: usize = 1 << 20;

/// How often a folder is made again that somebody removed because it was empty.
const ATTEMPTS: usize = 100;

/// An object being written. One piece is on its way to the disk while the caller makes the next.
pub(crate) struct Writer {
    directory: Directory,
    key: Key,
    bytes: u64,
    collected: Vec<Bytes>,
    collected_bytes: usize,
    /// `None` while the piece on its way has it, and after a failure.
    temporary: Option<Temporary>,
    on_its_way: Option<JoinHandle<Result<Temporary, StoreError>>>,
}

/// Without what is being written, which is nobody's business.
impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { directory, key, bytes, collected: _, collected_bytes: _, temporary, on_its_way: _ } = self;
        let mut f = f.debug_struct("Writer");
        f.field("directory", directory).field("key", key).field("bytes", bytes).field("temporary", temporary).finish()
    }
}

impl Directory {
    pub(super) fn begin(&self, key: &Key) -> Result<Writer, StoreError> {
        // Better now than after hours of writing. Who comes in between is seen at the end.
        if self.find(key)?.is_some() {
            return Err(self.exists(key));
        }
        Ok(Writer {
            directory: self.clone(),
            key: key.clone(),
            bytes: 0,
            collected: Vec::new(),
            collected_bytes: 0,
            temporary: Some(self.temporary(key)?),
            on_its_way: None,
        })
    }

    /// Begins a file where the object is to be, in folders that are made for it.
    fn temporary(&self, key: &Key) -> Result<Temporary, StoreError> {
        let (above, name) = key.split();
        let mut attempt = 1;
        loop {
            match self.try_temporary(&above, name) {
                Err(StoreError::Io { source, .. }) if is_gone(&source) && attempt < ATTEMPTS => attempt += 1,
                done => return done,
            }
        }
    }

    fn try_temporary(&self, above: &[&str], name: &str) -> Result<Temporary, StoreError> {
        let mut folder = Folder::make_root(&self.root)?;
        let mut changed = Vec::new();
        for part in above {
            let (below, made) = folder.make(part)?;
            let left = std::mem::replace(&mut folder, below);
            changed.extend(made.then_some(left));
        }
        let temporary = Temporary::create(folder, name)?;
        // Not before there is something in the folders: this takes time, in which empty ones may be removed.
        for folder in changed {
            folder.sync()?;
        }
        Ok(temporary)
    }
}

/// Whether a folder was removed by somebody who found it empty.
fn is_gone(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::NotFound
}

impl Writer {
    pub(crate) async fn write(&mut self, bytes: Bytes) -> Result<(), StoreError> {
        self.bytes += bytes.len() as u64;
        self.collected_bytes += bytes.len();
        self.collected.push(bytes);
        if self.collected_bytes < PIECE {
            return Ok(());
        }
        self.flush().await
    }

    async fn flush(&mut self) -> Result<(), StoreError> {
        let mut temporary = self.arrived().await?;
        let path = self.path();
        let pieces = std::mem::take(&mut self.collected);
        self.collected_bytes = 0;
        self.on_its_way = Some(tokio::task::spawn_blocking(move || {
            for piece in pieces {
                temporary.file.write_all(&piece).map_err(failed("writing", &path))?;
            }
            Ok(temporary)
        }));
        Ok(())
    }

    /// The file, once the piece on its way is there.
    async fn arrived(&mut self) -> Result<Temporary, StoreError> {
        let interrupted = StoreError::Interrupted { action: "writing" };
        let Some(on_its_way) = self.on_its_way.as_mut() else { return self.temporary.take().ok_or(interrupted) };
        // Kept until it is there: whoever stops waiting for it has not lost the file.
        let arrived = on_its_way.await;
        self.on_its_way = None;
        arrived.unwrap_or(Err(interrupted))
    }

    fn path(&self) -> Utf8PathBuf {
        self.directory.path(&self.key)
    }

    pub(crate) async fn finish(mut self) -> Result<u64, StoreError> {
        self.flush().await?;
        let temporary = self.arrived().await?;
        let name = self.key.split().1.to_owned();
        if blocking("writing", move || temporary.keep(&name)).await? {
            Ok(self.bytes)
        } else {
            Err(self.directory.exists(&self.key))
        }
    }

    pub(crate) async fn abort(mut self) -> Result<(), StoreError> {
        let temporary = self.arrived().await?;
        blocking("removing", move || {
            drop(temporary);
            Ok(())
        })
        .await
    }
}
