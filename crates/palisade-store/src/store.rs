//! A store of either kind.

use std::time::{Duration, SystemTime};

use bytes::Bytes;

use crate::directory::Directory;
use crate::s3::Bucket;
use crate::{Key, Location, ObjectMeta, ObjectReader, ObjectWriter, S3Settings, StoreError, reader, writer};

/// Where objects lie. Cheap to clone: all clones are the same place.
#[derive(Debug, Clone)]
pub struct Store {
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    Directory(Directory),
    S3(Bucket),
}

/// What a writer left that was not finished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftover {
    /// Where it was: a file, or the object that it was to be.
    pub name: String,
    /// When it was begun, or last written to.
    pub since: SystemTime,
}

impl Store {
    /// Says where objects are to lie. Nothing is asked or made yet.
    ///
    /// `variables` are those of the process, by their names: the ones that the tools of AWS know, where `s3` says
    /// nothing. Neither they nor `s3` matter to a directory.
    ///
    /// # Errors
    ///
    /// - [`StoreError::InvalidSetting`] if the settings or variables cannot be used.
    /// - [`StoreError::Denied`] if there cannot be any credentials.
    pub fn open(
        location: &Location,
        s3: &S3Settings,
        variables: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, StoreError> {
        let kind = match location {
            Location::Directory(path) => Kind::Directory(Directory::new(path)),
            Location::S3(location) => Kind::S3(Bucket::open(location, s3, &variables)?),
        };
        Ok(Self { kind })
    }

    /// Begins an object of any size.
    ///
    /// # Errors
    ///
    /// [`StoreError::Exists`] if there is such an object already.
    pub async fn writer(&self, key: &Key) -> Result<ObjectWriter, StoreError> {
        let kind = match &self.kind {
            Kind::Directory(directory) => writer::Kind::Directory(directory.writer(key).await?),
            Kind::S3(bucket) => writer::Kind::S3(Box::new(bucket.writer(key).await?)),
        };
        Ok(ObjectWriter::new(kind))
    }

    /// Writes a small object at once. Of all who create the same one, exactly one succeeds.
    ///
    /// # Errors
    ///
    /// [`StoreError::Exists`] if there is such an object already.
    pub async fn create(&self, key: &Key, bytes: Bytes) -> Result<(), StoreError> {
        match &self.kind {
            Kind::Directory(directory) => {
                let mut writer = directory.writer(key).await?;
                writer.write(bytes).await?;
                writer.finish().await?;
                Ok(())
            }
            Kind::S3(bucket) => bucket.create(key, bytes).await,
        }
    }

    /// Begins to read an object.
    ///
    /// # Errors
    ///
    /// [`StoreError::NotFound`] if there is no such object.
    pub async fn read(&self, key: &Key) -> Result<ObjectReader, StoreError> {
        let kind = match &self.kind {
            Kind::Directory(directory) => reader::Kind::Directory(directory.read(key).await?),
            Kind::S3(bucket) => reader::Kind::S3(bucket.read(key).await?),
        };
        Ok(ObjectReader::new(key, kind))
    }

    /// Reads an object that has at most `limit` bytes.
    ///
    /// # Errors
    ///
    /// - [`StoreError::NotFound`] if there is no such object.
    /// - [`StoreError::TooLarge`] if it has more bytes.
    pub async fn read_all(&self, key: &Key, limit: u64) -> Result<Bytes, StoreError> {
        self.read(key).await?.all(limit).await
    }

    /// What is known of an object. `None` if there is none.
    ///
    /// # Errors
    ///
    /// If the store cannot say.
    pub async fn head(&self, key: &Key) -> Result<Option<ObjectMeta>, StoreError> {
        match &self.kind {
            Kind::Directory(directory) => directory.head(key).await,
            Kind::S3(bucket) => bucket.head(key).await,
        }
    }

    /// All objects below a key, or all there are, in order of their keys.
    ///
    /// `a` is above `a/b`, neither above `ab` nor above itself.
    ///
    /// # Errors
    ///
    /// If the store cannot say.
    pub async fn list(&self, below: Option<&Key>) -> Result<Vec<ObjectMeta>, StoreError> {
        match &self.kind {
            Kind::Directory(directory) => directory.list(below).await,
            Kind::S3(bucket) => bucket.list(below).await,
        }
    }

    /// The next parts of the keys below a key that are above other keys, in order.
    ///
    /// # Errors
    ///
    /// If the store cannot say.
    pub async fn directories(&self, below: Option<&Key>) -> Result<Vec<String>, StoreError> {
        match &self.kind {
            Kind::Directory(directory) => directory.directories(below).await,
            Kind::S3(bucket) => bucket.directories(below).await,
        }
    }

    /// Removes objects. That one is not there is no error: it may have been removed before.
    ///
    /// # Errors
    ///
    /// If one of them cannot be removed; others may be gone by then.
    pub async fn delete(&self, keys: &[Key]) -> Result<(), StoreError> {
        match &self.kind {
            Kind::Directory(directory) => directory.delete(keys).await,
            Kind::S3(bucket) => bucket.delete(keys).await,
        }
    }

    /// Removes what unfinished writers left, and says what that was.
    ///
    /// In a directory a lock says which writers live, so `older_than` does not matter. In a bucket nothing does, so it
    /// has to be longer than any object takes to be written.
    ///
    /// # Errors
    ///
    /// If the store cannot say what there is. What cannot be removed is left for the next time.
    pub async fn sweep(&self, older_than: Duration) -> Result<Vec<Leftover>, StoreError> {
        match &self.kind {
            Kind::Directory(directory) => {
                let swept = directory.sweep().await?.into_iter();
                Ok(swept.map(|(path, since)| Leftover { name: path.into_string(), since }).collect())
            }
            Kind::S3(bucket) => {
                let swept = bucket.sweep(older_than).await?.into_iter();
                Ok(swept.map(|(key, since)| Leftover { name: key.to_string(), since }).collect())
            }
        }
    }
}
