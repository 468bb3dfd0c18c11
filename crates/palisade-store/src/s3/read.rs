//! Reading an object.

use std::fmt;

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use object_store::{Error, GetOptions, GetRange, ObjectStore as _};

use crate::s3::failure::is_conflict;
use crate::s3::{Bucket, pause};
use crate::{Key, StoreError};

/// An object being read. A connection that breaks is made again, for what is missing.
pub(crate) struct Reader {
    bucket: Bucket,
    key: Key,
    size: u64,
    /// Which object it is, so that another one under the same key is not taken for the rest of it.
    tag: Option<String>,
    at: u64,
    /// `None` once it is used up or broken.
    stream: Option<BoxStream<'static, Result<Bytes, Error>>>,
    /// How often it was made again since something came.
    attempts: usize,
}

impl Bucket {
    pub(crate) async fn read(&self, key: &Key) -> Result<Reader, StoreError> {
        self.credentials("reading").await?;
        let got = self.inner.calls.get_opts(&self.path(key), GetOptions::default()).await;
        let got = got.map_err(|error| self.failed("reading", key, &error))?;
        self.was_seen();
        let (size, tag) = (got.meta.size, got.meta.e_tag.clone());
        let stream = Some(got.into_stream());
        Ok(Reader { bucket: self.clone(), key: key.clone(), size, tag, at: 0, stream, attempts: 0 })
    }
}

impl Reader {
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, StoreError> {
        while self.at < self.size {
            match self.piece().await {
                Some(Ok(piece)) if piece.is_empty() => {}
                Some(Ok(piece)) => {
                    self.at += piece.len() as u64;
                    self.attempts = 0;
                    if self.at > self.size {
                        return Err(self.incomplete());
                    }
                    return Ok(Some(piece));
                }
                broken => {
                    self.stream = None;
                    if self.attempts == self.bucket.inner.retries {
                        return Err(match broken {
                            Some(Err(error)) => self.bucket.failed("reading", &self.key, &error),
                            _ => self.incomplete(),
                        });
                    }
                    self.attempts += 1;
                    tracing::info!(key = %self.key, at = self.at, "the connection broke, going on from here");
                    pause(self.attempts).await;
                    self.reconnect().await?;
                }
            }
        }
        Ok(None)
    }

    async fn piece(&mut self) -> Option<Result<Bytes, Error>> {
        self.stream.as_mut()?.next().await
    }

    async fn reconnect(&mut self) -> Result<(), StoreError> {
        let range = Some(GetRange::Bounded(self.at..self.size));
        let options = GetOptions { range, if_match: self.tag.clone(), ..GetOptions::default() };
        let got = match self.bucket.inner.calls.get_opts(&self.bucket.path(&self.key), options).await {
            Ok(got) => got,
            Err(error) if is_conflict(&error) => return Err(self.replaced()),
            Err(error) => return Err(self.bucket.failed("reading", &self.key, &error)),
        };
        // Not every server minds what it was told about the object.
        if got.meta.e_tag != self.tag || got.meta.size != self.size {
            return Err(self.replaced());
        }
        self.stream = Some(got.into_stream());
        Ok(())
    }

    fn replaced(&self) -> StoreError {
        StoreError::Refused {
            action: "reading",
            store: self.bucket.name(),
            reason: format!("`{}` was replaced while it was read", self.key),
        }
    }

    fn incomplete(&self) -> StoreError {
        StoreError::Incomplete { key: self.key.to_string(), expected: self.size, got: self.at }
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { bucket, key, size, tag: _, at, stream: _, attempts: _ } = self;
        let mut f = f.debug_struct("Reader");
        f.field("bucket", bucket).field("key", key).field("size", size).field("at", at).finish()
    }
}
