//! Where a store is.

use std::fmt;
use std::str::FromStr;

use camino::Utf8PathBuf;

use crate::{Key, StoreError};

/// Where a store is, as people write it: a path, or `s3://bucket/prefix`. It holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A directory of this machine.
    Directory(Utf8PathBuf),
    /// A bucket, or a part of one.
    S3(S3Location),
}

/// A bucket, or what is below a prefix in one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3Location {
    /// The name of the bucket.
    pub bucket: String,
    /// All objects are below it.
    pub prefix: Option<Key>,
}

impl FromStr for Location {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        let Some((scheme, rest)) = text.split_once("://") else {
            return if text.trim().is_empty() {
                Err(invalid(text, "it is empty"))
            } else {
                Ok(Self::Directory(Utf8PathBuf::from(text)))
            };
        };
        match scheme {
            // Somebody may have put credentials there: nothing of it is repeated.
            _ if rest.contains('@') => Err(invalid("…", "credentials do not belong into it")),
            "s3" => bucket(text, rest).map(Self::S3),
            "file" => Err(invalid(text, "a directory is written as its path, without `file://`")),
            _ => Err(invalid(text, "only `s3://` is known; directories are written as paths")),
        }
    }
}

fn bucket(text: &str, rest: &str) -> Result<S3Location, StoreError> {
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let (bucket, prefix) = rest.split_once('/').map_or((rest, None), |(bucket, prefix)| (bucket, Some(prefix)));
    // The names that S3 allows, and what other servers add: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>
    let is_allowed = |it: char| it.is_ascii_alphanumeric() || matches!(it, '.' | '_' | '-');
    if bucket.len() < 3 || bucket.len() > 63 || !bucket.chars().all(is_allowed) || bucket.starts_with(['.', '-']) {
        return Err(invalid(text, "it names no bucket"));
    }
    let prefix = prefix.map(Key::new).transpose().map_err(|error| match error {
        StoreError::InvalidKey { reason, .. } => invalid(text, reason),
        other => other,
    })?;
    Ok(S3Location { bucket: bucket.to_owned(), prefix })
}

fn invalid(location: &str, reason: &'static str) -> StoreError {
    StoreError::InvalidLocation { location: location.to_owned(), reason }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directory(path) => path.fmt(f),
            Self::S3(location) => location.fmt(f),
        }
    }
}

impl fmt::Display for S3Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}", self.bucket)?;
        self.prefix.as_ref().map_or(Ok(()), |it| write!(f, "/{it}"))
    }
}
