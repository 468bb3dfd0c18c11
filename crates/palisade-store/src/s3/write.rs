//! Writing an object.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use object_store::multipart::{MultipartStore as _, PartId};
use object_store::{ObjectStore as _, PutMode, PutMultipartOptions, PutOptions, PutPayload};
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::JoinSet;
use tracing::{debug, warn};

use crate::s3::buffers::Buffer;
use crate::s3::failure::{is_conflict, is_in_doubt, is_not_found, may_pass};
use crate::s3::mark::{Mark, Owner};
use crate::s3::{Bucket, pause};
use crate::{Key, StoreError};

/// How many parts an object can have.
const MOST_PARTS: usize = 10_000;

/// How often bytes are sent again that did not arrive as they were sent. The library repeats what the server refuses.
const RESENDS: usize = 2;

/// An object being written. It becomes an upload in parts once it is larger than one.
pub(crate) struct Writer {
    bucket: Bucket,
    key: Key,
    mark: Mark,
    bytes: u64,
    /// The next part.
    collected: Buffer,
    upload: Option<Upload>,
    /// Something was lost: a part that failed, or a call that was not waited for to its end. What is left must not
    /// become an object.
    is_broken: bool,
}

/// Without what is being written, which is nobody's business.
impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { bucket, key, mark, bytes, collected: _, upload, is_broken } = self;
        let mut f = f.debug_struct("Writer");
        f.field("bucket", bucket).field("key", key).field("mark", mark);
        f.field("bytes", bytes).field("upload", upload).field("is_broken", is_broken).finish()
    }
}

impl Bucket {
    pub(crate) async fn writer(&self, key: &Key) -> Result<Writer, StoreError> {
        // Better now than after hours of writing. Who comes in between is seen at the end.
        if self.head(key).await?.is_some() {
            return Err(self.exists(key));
        }
        let collected = self.inner.buffers.take();
        let (bucket, key, mark) = (self.clone(), key.clone(), Mark::new());
        Ok(Writer { bucket, key, mark, bytes: 0, collected, upload: None, is_broken: false })
    }

    pub(crate) async fn create(&self, key: &Key, bytes: Bytes) -> Result<(), StoreError> {
        self.credentials("writing").await?;
        self.put(key, &Mark::new(), PutPayload::from_bytes(bytes)).await
    }

    /// One request, which is carried out once, however often it has to be made.
    async fn put(&self, key: &Key, mark: &Mark, payload: PutPayload) -> Result<(), StoreError> {
        let mut attempt = 0;
        loop {
            let options = PutOptions { mode: PutMode::Create, attributes: mark.attributes(), ..PutOptions::default() };
            let Err(error) = self.inner.uploads.put_opts(&self.path(key), payload.clone(), options).await else {
                self.was_seen();
                return Ok(());
            };
            if is_conflict(&error) || is_in_doubt(&error) {
                match self.owner(key, mark).await? {
                    Owner::Us { .. } => return Ok(()),
                    Owner::Another => return Err(self.exists(key)),
                    Owner::Nobody => {}
                }
            } else if !may_pass(&error) {
                return Err(self.failed_at_all("writing", &error));
            }
            if attempt == self.inner.retries {
                return Err(self.failed_at_all("writing", &error));
            }
            attempt += 1;
            pause(attempt).await;
        }
    }
}

impl Writer {
    pub(crate) async fn write(&mut self, mut bytes: Bytes) -> Result<(), StoreError> {
        self.bytes += bytes.len() as u64;
        while !bytes.is_empty() {
            // Full, and more has come: it is not the last one.
            if self.collected.is_full() {
                self.send_part().await?;
            }
            bytes = self.collected.fill(bytes);
        }
        Ok(())
    }

    async fn send_part(&mut self) -> Result<(), StoreError> {
        if self.is_broken {
            return Err(StoreError::Interrupted { action: "writing" });
        }
        self.is_broken = true;
        self.bucket.credentials("writing").await?;
        let upload = match &mut self.upload {
            Some(upload) => upload,
            none => none.insert(Upload::begin(&self.bucket, &self.key, &self.mark).await?),
        };
        // First there has to be room for it: beside other parts of this object, and of others that are written at the same time.
        upload.wait_below(self.bucket.inner.concurrency).await?;
        let room = Arc::clone(&self.bucket.inner.room).acquire_owned().await;
        let room = room.map_err(|_| StoreError::Interrupted { action: "writing" })?;
        let part = std::mem::replace(&mut self.collected, self.bucket.inner.buffers.take());
        upload.send(PutPayload::from_bytes(part.freeze()), room)?;
        self.is_broken = false;
        Ok(())
    }

    pub(crate) async fn finish(mut self) -> Result<u64, StoreError> {
        if self.upload.is_none() && !self.is_broken {
            self.bucket.credentials("writing").await?;
            let payload = PutPayload::from_bytes(self.collected.freeze());
            self.bucket.put(&self.key, &self.mark, payload).await?;
            return Ok(self.bytes);
        }
        let sent = self.send_part().await;
        let Some(mut upload) = self.upload.take() else {
            return Err(sent.err().unwrap_or(StoreError::Interrupted { action: "writing" }));
        };
        let completed = match sent {
            Ok(()) => upload.complete(&self.mark, self.bytes).await,
            Err(error) => Err(error),
        };
        if completed.is_err() {
            upload.give_up().await;
        }
        completed.map(|()| self.bytes)
    }

    pub(crate) async fn abort(mut self) -> Result<(), StoreError> {
        match self.upload.take() {
            Some(upload) => upload.abort().await,
            None => Ok(()),
        }
    }
}

/// An upload in parts. If it is dropped before it is complete, the server is told to throw it away.
#[derive(Debug)]
struct Upload {
    bucket: Bucket,
    key: Key,
    /// `None` once there is nothing left to throw away.
    id: Option<String>,
    sending: JoinSet<(usize, Result<PartId, StoreError>)>,
    /// By number.
    sent: Vec<Option<PartId>>,
}

impl Upload {
    async fn begin(bucket: &Bucket, key: &Key, mark: &Mark) -> Result<Self, StoreError> {
        let options = PutMultipartOptions { attributes: mark.attributes(), ..PutMultipartOptions::default() };
        let id = bucket.inner.calls.create_multipart_opts(&bucket.path(key), options).await;
        let id = Some(id.map_err(|error| bucket.failed_at_all("writing", &error))?);
        bucket.was_seen();
        Ok(Self { bucket: bucket.clone(), key: key.clone(), id, sending: JoinSet::new(), sent: Vec::new() })
    }

    /// Waits until fewer than `most` parts are on their way.
    async fn wait_below(&mut self, most: usize) -> Result<(), StoreError> {
        while self.sending.len() >= most {
            match self.sending.join_next().await {
                Some(Ok((number, Ok(part)))) => self.sent[number] = Some(part),
                Some(Ok((_, Err(error)))) => return Err(error),
                Some(Err(_)) => return Err(StoreError::Interrupted { action: "writing" }),
                None => break,
            }
        }
        Ok(())
    }

    /// Gives `room` back when the part has arrived.
    fn send(&mut self, part: PutPayload, room: OwnedSemaphorePermit) -> Result<(), StoreError> {
        let number = self.sent.len();
        if number == MOST_PARTS {
            return Err(StoreError::Refused {
                action: "writing",
                store: self.bucket.name(),
                reason: format!("`{}` has more than {MOST_PARTS} parts; larger parts are needed", self.key),
            });
        }
        self.sent.push(None);
        let (bucket, key, id) = (self.bucket.clone(), self.key.clone(), self.id.clone().unwrap_or_default());
        self.sending.spawn(async move {
            let sent = bucket.put_part(&key, &id, number, part).await;
            drop(room);
            (number, sent)
        });
        Ok(())
    }

    async fn complete(&mut self, mark: &Mark, bytes: u64) -> Result<(), StoreError> {
        self.wait_below(1).await?;
        let parts: Option<Vec<PartId>> = self.sent.iter_mut().map(Option::take).collect();
        let parts = parts.ok_or(StoreError::Interrupted { action: "writing" })?;
        let path = self.bucket.path(&self.key);
        let id = self.id.clone().unwrap_or_default();
        self.bucket.credentials("writing").await?;
        let completed = self.bucket.inner.uploads.complete_multipart(&path, &id, parts).await;
        // Asked in any case: for the size, and for whose it is if the answer was lost and the request made again.
        let owner = self.bucket.owner(&self.key, mark).await?;
        match (completed, owner) {
            (_, Owner::Us { bytes: got }) => {
                self.id = None;
                let key = self.key.to_string();
                if got == bytes { Ok(()) } else { Err(StoreError::Incomplete { key, expected: bytes, got }) }
            }
            (Ok(_), Owner::Nobody) => {
                Err(StoreError::Incomplete { key: self.key.to_string(), expected: bytes, got: 0 })
            }
            (_, Owner::Another) => Err(self.bucket.exists(&self.key)),
            (Err(error), Owner::Nobody) => Err(self.bucket.failed_at_all("writing", &error)),
        }
    }

    async fn abort(mut self) -> Result<(), StoreError> {
        // A part that arrives after the end of its upload would stay.
        self.sending.shutdown().await;
        match self.id.take() {
            Some(id) => self.bucket.abort_upload(&self.key, &id).await,
            None => Ok(()),
        }
    }
}

/// While the error that led here waits to be told, the program may not end with the upload still there; but where the
/// server is out of reach, it would take long to notice once more.
const LAST_WORDS: Duration = Duration::from_secs(5);

impl Upload {
    async fn give_up(self) {
        let key = self.key.clone();
        match tokio::time::timeout(LAST_WORDS, self.abort()).await {
            Ok(Ok(())) => debug!(%key, "threw away an upload that failed"),
            Ok(Err(error)) => warn!(%key, %error, "an upload that failed could not be thrown away"),
            Err(_) => warn!(%key, "an upload that failed could not be thrown away in time"),
        }
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        let Some(id) = self.id.take() else { return };
        let (bucket, key) = (self.bucket.clone(), self.key.clone());
        let mut sending = std::mem::take(&mut self.sending);
        // Where nothing runs any more, a sweep does it later.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        runtime.spawn(async move {
            sending.shutdown().await;
            match bucket.abort_upload(&key, &id).await {
                Ok(()) => debug!(%key, "threw away an unfinished upload"),
                Err(error) => warn!(%key, %error, "an unfinished upload could not be thrown away"),
            }
        });
    }
}

impl Bucket {
    async fn put_part(&self, key: &Key, id: &String, number: usize, part: PutPayload) -> Result<PartId, StoreError> {
        let mut resends = 0;
        loop {
            match self.inner.uploads.put_part(&self.path(key), id, number, part.clone()).await {
                Ok(part) => return Ok(part),
                Err(error) if resends < RESENDS && may_pass(&error) => {
                    resends += 1;
                    pause(resends).await;
                }
                Err(error) => return Err(self.failed_at_all("writing", &error)),
            }
        }
    }

    pub(super) async fn abort_upload(&self, key: &Key, id: &str) -> Result<(), StoreError> {
        match self.inner.calls.abort_multipart(&self.path(key), &id.to_owned()).await {
            Err(error) if !is_not_found(&error) => Err(self.failed_at_all("removing", &error)),
            Ok(()) | Err(_) => Ok(()),
        }
    }
}
