//! Reading an object piece by piece.

use bytes::{Bytes, BytesMut};

use crate::{Key, StoreError, directory, s3};

/// An object being read, from its beginning to its end.
#[derive(Debug)]
pub struct ObjectReader {
    key: Key,
    kind: Kind,
}

#[derive(Debug)]
pub(crate) enum Kind {
    Directory(directory::Reader),
    S3(s3::Reader),
}

impl ObjectReader {
    pub(crate) fn new(key: &Key, kind: Kind) -> Self {
        Self { key: key.clone(), kind }
    }

    /// How many bytes the object has, and [`next`](Self::next) gives in all.
    pub fn size(&self) -> u64 {
        match &self.kind {
            Kind::Directory(reader) => reader.size(),
            Kind::S3(reader) => reader.size(),
        }
    }

    /// The next piece, of any size but none. `None` only after the last byte: an object that ends too early is an error.
    ///
    /// # Errors
    ///
    /// [`StoreError::Incomplete`] if the object is shorter than its size, or what the store says.
    pub async fn next(&mut self) -> Result<Option<Bytes>, StoreError> {
        match &mut self.kind {
            Kind::Directory(reader) => reader.next().await,
            Kind::S3(reader) => reader.next().await,
        }
    }

    /// All that is left, if the object has not more than `limit` bytes.
    pub(crate) async fn all(mut self, limit: u64) -> Result<Bytes, StoreError> {
        let bytes = self.size();
        let too_large = StoreError::TooLarge { key: self.key.to_string(), bytes, limit };
        if bytes > limit {
            return Err(too_large);
        }
        let mut all = BytesMut::with_capacity(usize::try_from(bytes).map_err(|_| too_large)?);
        while let Some(piece) = self.next().await? {
            all.extend_from_slice(&piece);
        }
        Ok(all.freeze())
    }
}
