//! What is in the bucket, and removing it.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use object_store::list::{PaginatedListOptions, PaginatedListStore as _};
use object_store::{ObjectStore as _, ObjectStoreExt as _};

use crate::key::is_part;
use crate::s3::Bucket;
use crate::s3::failure::is_not_found;
use crate::{Key, ObjectMeta, StoreError};

impl Bucket {
    pub(crate) async fn head(&self, key: &Key) -> Result<Option<ObjectMeta>, StoreError> {
        self.credentials("reading").await?;
        match self.inner.calls.head(&self.path(key)).await {
            Ok(meta) => {
                self.was_seen();
                Ok(Some(ObjectMeta { key: key.clone(), bytes: meta.size, modified: meta.last_modified.into() }))
            }
            Err(error) if is_not_found(&error) => {
                self.check_is_there().await?;
                Ok(None)
            }
            Err(error) => Err(self.failed("reading", key, &error)),
        }
    }

    /// The answer to this kind of question has no text: that there is no object is not told from that there is no
    /// bucket.
    async fn check_is_there(&self) -> Result<(), StoreError> {
        if self.is_there() {
            return Ok(());
        }
        let options = PaginatedListOptions { max_keys: Some(1), ..PaginatedListOptions::default() };
        let listed = self.inner.calls.list_paginated(None, options).await;
        listed.map_err(|error| self.failed_at_all("listing", &error))?;
        self.was_seen();
        Ok(())
    }

    pub(crate) async fn list(&self, below: Option<&Key>) -> Result<Vec<ObjectMeta>, StoreError> {
        self.credentials("listing").await?;
        let path = self.path_of(below);
        let mut listed = self.inner.calls.list(Some(&path));
        let mut found = Vec::new();
        while let Some(meta) = listed.try_next().await.map_err(|error| self.failed_at_all("listing", &error))? {
            if let Some(key) = self.key(&meta.location) {
                found.push(ObjectMeta { key, bytes: meta.size, modified: meta.last_modified.into() });
            }
        }
        self.was_seen();
        // Most servers list in this order, some in none.
        found.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(found)
    }

    pub(crate) async fn directories(&self, below: Option<&Key>) -> Result<Vec<String>, StoreError> {
        self.credentials("listing").await?;
        let path = self.path_of(below);
        let listed = self.inner.calls.list_with_delimiter(Some(&path)).await;
        let listed = listed.map_err(|error| self.failed_at_all("listing", &error))?;
        self.was_seen();
        let names = listed.common_prefixes.iter().filter_map(|it| it.filename());
        let mut names: Vec<String> = names.filter(|it| is_part(it)).map(str::to_owned).collect();
        names.sort_unstable();
        Ok(names)
    }

    pub(crate) async fn delete(&self, keys: &[Key]) -> Result<(), StoreError> {
        if keys.is_empty() {
            return Ok(());
        }
        self.credentials("removing").await?;
        let paths: Vec<_> = keys.iter().map(|it| Ok(self.path(it))).collect();
        let mut removed = self.inner.calls.delete_stream(stream::iter(paths).boxed());
        let mut first = None;
        // To the end: one that cannot be removed must not keep the others.
        while let Some(result) = removed.next().await {
            match result {
                Err(error) if !is_not_found(&error) => first = first.or(Some(error)),
                Ok(_) | Err(_) => {}
            }
        }
        first.map_or(Ok(()), |error| Err(self.failed_at_all("removing", &error)))
    }
}
