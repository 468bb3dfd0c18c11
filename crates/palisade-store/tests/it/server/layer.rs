//! What `s3s-fs` lacks, in front of it:
//!
//! - It looks whether an object is there and writes it afterwards, so that several can create the same one. Here,
//!   they take turns, as in a real server.
//! - It does not list unfinished uploads.
//! - It writes a part although its upload is aborted meanwhile, and then has that part for ever.
//! - It makes a bucket that is missing, and says that an object is missing where it is the bucket.
//! - It fails for keys that are above others, since they are directories.
//! - It forgets to write down the checksums of parts; nothing depends on that.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use s3s::dto::*;
use s3s::{S3, S3Request, S3Response, S3Result, s3_error};
use s3s_fs::FileSystem;

#[derive(Clone)]
pub(crate) struct Layer {
    inner: Arc<FileSystem>,
    root: PathBuf,
    turn: Arc<tokio::sync::Mutex<()>>,
    /// Those who write parts share it, who ends an upload has it alone.
    ending: Arc<tokio::sync::RwLock<()>>,
    /// Key, id, and when it was begun.
    pub(crate) uploads: Arc<Mutex<Vec<(String, String, SystemTime)>>>,
    /// How many uploads are listed at once.
    pub(crate) page: usize,
}

type Answer<T> = S3Result<S3Response<T>>;

impl Layer {
    pub(super) fn new(root: &Path) -> Self {
        Self {
            inner: Arc::new(FileSystem::new(root).unwrap()),
            root: root.to_owned(),
            turn: Arc::default(),
            ending: Arc::default(),
            uploads: Arc::default(),
            page: 2,
        }
    }

    fn check(&self, bucket: &str) -> S3Result<()> {
        if self.root.join(bucket).is_dir() { Ok(()) } else { Err(s3_error!(NoSuchBucket, "The bucket does not exist")) }
    }

    /// Whether a key is only above others.
    fn is_directory(&self, bucket: &str, key: &str) -> bool {
        self.root.join(bucket).join(key).is_dir()
    }

    fn check_upload(&self, id: &str) -> S3Result<()> {
        let known = self.uploads.lock().unwrap().iter().any(|it| it.1 == id);
        if known { Ok(()) } else { Err(s3_error!(NoSuchUpload)) }
    }

    fn forget(&self, id: &str) {
        self.uploads.lock().unwrap().retain(|it| it.1 != id);
    }
}

#[async_trait::async_trait]
impl S3 for Layer {
    async fn get_object(&self, req: S3Request<GetObjectInput>) -> Answer<GetObjectOutput> {
        self.check(&req.input.bucket)?;
        if self.is_directory(&req.input.bucket, &req.input.key) {
            return Err(s3_error!(NoSuchKey));
        }
        self.inner.get_object(req).await
    }

    async fn head_object(&self, req: S3Request<HeadObjectInput>) -> Answer<HeadObjectOutput> {
        if self.is_directory(&req.input.bucket, &req.input.key) {
            return Err(s3_error!(NoSuchKey));
        }
        self.inner.head_object(req).await
    }

    async fn list_objects_v2(&self, req: S3Request<ListObjectsV2Input>) -> Answer<ListObjectsV2Output> {
        self.inner.list_objects_v2(req).await
    }

    async fn delete_object(&self, req: S3Request<DeleteObjectInput>) -> Answer<DeleteObjectOutput> {
        if self.is_directory(&req.input.bucket, &req.input.key) {
            return Ok(S3Response::new(DeleteObjectOutput::default()));
        }
        self.inner.delete_object(req).await
    }

    async fn put_object(&self, req: S3Request<PutObjectInput>) -> Answer<PutObjectOutput> {
        self.check(&req.input.bucket)?;
        let _turn = self.turn.lock().await;
        self.inner.put_object(req).await
    }

    async fn create_multipart_upload(
        &self,
        req: S3Request<CreateMultipartUploadInput>,
    ) -> Answer<CreateMultipartUploadOutput> {
        self.check(&req.input.bucket)?;
        let key = req.input.key.clone();
        let answer = self.inner.create_multipart_upload(req).await?;
        let id = answer.output.upload_id.clone().unwrap();
        self.uploads.lock().unwrap().push((key, id, SystemTime::now()));
        Ok(answer)
    }

    async fn upload_part(&self, req: S3Request<UploadPartInput>) -> Answer<UploadPartOutput> {
        let _ending = self.ending.read().await;
        self.check_upload(&req.input.upload_id)?;
        self.inner.upload_part(req).await
    }

    async fn complete_multipart_upload(
        &self,
        req: S3Request<CompleteMultipartUploadInput>,
    ) -> Answer<CompleteMultipartUploadOutput> {
        let _turn = self.turn.lock().await;
        let _ending = self.ending.write().await;
        let id = req.input.upload_id.clone();
        self.check_upload(&id)?;
        let answer = self.inner.complete_multipart_upload(req).await?;
        self.forget(&id);
        Ok(answer)
    }

    async fn abort_multipart_upload(
        &self,
        req: S3Request<AbortMultipartUploadInput>,
    ) -> Answer<AbortMultipartUploadOutput> {
        let _ending = self.ending.write().await;
        let id = req.input.upload_id.clone();
        self.check_upload(&id)?;
        let answer = self.inner.abort_multipart_upload(req).await?;
        self.forget(&id);
        Ok(answer)
    }

    async fn list_multipart_uploads(
        &self,
        req: S3Request<ListMultipartUploadsInput>,
    ) -> Answer<ListMultipartUploadsOutput> {
        self.check(&req.input.bucket)?;
        let prefix = req.input.prefix.unwrap_or_default();
        let after = req.input.key_marker.unwrap_or_default();
        let mut found: Vec<_> = self.uploads.lock().unwrap().clone();
        found.retain(|it| it.0.starts_with(&prefix) && it.0 > after);
        found.sort();
        let is_truncated = found.len() > self.page;
        found.truncate(self.page);
        let last = found.last().filter(|_| is_truncated).cloned();
        let upload = |(key, id, since): (String, String, SystemTime)| MultipartUpload {
            key: Some(key),
            upload_id: Some(id),
            initiated: Some(since.into()),
            ..MultipartUpload::default()
        };
        Ok(S3Response::new(ListMultipartUploadsOutput {
            bucket: Some(req.input.bucket),
            is_truncated: Some(is_truncated),
            next_key_marker: last.as_ref().map(|it| it.0.clone()),
            next_upload_id_marker: last.map(|it| it.1),
            uploads: Some(found.into_iter().map(upload).collect()),
            ..ListMultipartUploadsOutput::default()
        }))
    }
}
