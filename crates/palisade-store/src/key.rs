//! Names of objects.

use std::fmt;
use std::str::FromStr;

use crate::StoreError;

/// Longest key, in bytes. S3 takes 1024, which the prefix of a location shares; systems of files take 4096.
const LONGEST: usize = 512;

/// Longest part of a key, in bytes. Systems of files take 255, of which temporary names need a few more.
const LONGEST_PART: usize = 200;

/// The name of an object, or of what stands above objects: parts of `[A-Za-z0-9._-]`, with `/` between them.
///
/// Every store can hold every key as it is: nothing has to be escaped, nothing is hidden, and none leads out of the
/// store. What has another name in a directory or a bucket is not ours, and is neither listed nor touched.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(String);

impl Key {
    /// Takes a text for a key.
    ///
    /// # Errors
    ///
    /// [`StoreError::InvalidKey`] if it is none.
    pub fn new(text: impl Into<String>) -> Result<Self, StoreError> {
        let text = text.into();
        match fault(&text) {
            None => Ok(Self(text)),
            Some(reason) => Err(StoreError::InvalidKey { key: text, reason }),
        }
    }

    /// The key below this one.
    ///
    /// # Errors
    ///
    /// [`StoreError::InvalidKey`] if `below` is no key, or both together are too long for one.
    pub fn join(&self, below: &str) -> Result<Self, StoreError> {
        Self::new(format!("{}/{below}", self.0))
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// All parts but the last, and the last.
    pub(crate) fn split(&self) -> (Vec<&str>, &str) {
        let mut parts: Vec<&str> = self.0.split('/').collect();
        let last = parts.pop().unwrap_or_default();
        (parts, last)
    }
}

/// Whether a name in a directory is a part of a key. All others are not ours.
pub(crate) fn is_part(name: &str) -> bool {
    part_fault(name).is_none()
}

fn fault(text: &str) -> Option<&'static str> {
    if text.len() > LONGEST {
        return Some("it is longer than 512 bytes");
    }
    text.split('/').find_map(part_fault)
}

fn part_fault(part: &str) -> Option<&'static str> {
    let is_allowed = |it: u8| it.is_ascii_alphanumeric() || matches!(it, b'.' | b'_' | b'-');
    if part.is_empty() {
        Some("it has an empty part")
    } else if part.starts_with('.') {
        // Neither `.` nor `..`, nor what systems of files and people keep in hidden files.
        Some("one of its parts begins with a dot")
    } else if part.len() > LONGEST_PART {
        Some("one of its parts is longer than 200 bytes")
    } else if !part.bytes().all(is_allowed) {
        Some("it has other characters than letters, digits, `.`, `_` and `-`")
    } else {
        None
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Key {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        Self::new(text)
    }
}
