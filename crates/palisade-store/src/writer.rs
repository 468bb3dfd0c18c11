//! Writing an object piece by piece.

use bytes::Bytes;

use crate::{StoreError, directory, s3};

/// An object being written. Nobody sees it before [`finish`](Self::finish).
///
/// Dropped before that, it leaves nothing under its key. What it leaves elsewhere is removed by
/// [`Store::sweep`](crate::Store::sweep); [`abort`](Self::abort) removes it at once.
#[derive(Debug)]
#[must_use = "an object that is not finished is thrown away"]
pub struct ObjectWriter {
    kind: Kind,
}

#[derive(Debug)]
pub(crate) enum Kind {
    Directory(directory::Writer),
    S3(Box<s3::Writer>),
}

impl ObjectWriter {
    pub(crate) fn new(kind: Kind) -> Self {
        Self { kind }
    }

    /// Adds to the end. Pieces of any size will do: small ones are collected, large ones are cut.
    ///
    /// After an error the object cannot be finished any more, and maybe not after a call whose end was not waited for.
    ///
    /// # Errors
    ///
    /// [`StoreError::Full`] and the like, also for what was handed over before.
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), StoreError> {
        match &mut self.kind {
            Kind::Directory(writer) => writer.write(bytes).await,
            Kind::S3(writer) => writer.write(bytes).await,
        }
    }

    /// Makes the object visible, as a whole and for good, and says how many bytes it has.
    ///
    /// # Errors
    ///
    /// - [`StoreError::Exists`] if there is such an object by now: it stays as it is.
    /// - [`StoreError::Incomplete`] if the store has another size than what was written.
    pub async fn finish(self) -> Result<u64, StoreError> {
        match self.kind {
            Kind::Directory(writer) => writer.finish().await,
            Kind::S3(writer) => writer.finish().await,
        }
    }

    /// Throws away what was written.
    ///
    /// # Errors
    ///
    /// If something is left, which [`Store::sweep`](crate::Store::sweep) removes later.
    pub async fn abort(self) -> Result<(), StoreError> {
        match self.kind {
            Kind::Directory(writer) => writer.abort().await,
            Kind::S3(writer) => writer.abort().await,
        }
    }
}
