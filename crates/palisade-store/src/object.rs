//! What is known of an object without reading it.

use std::time::SystemTime;

use crate::Key;

/// An object of a store, whole as it is: what is being written is not seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectMeta {
    /// Its name.
    pub key: Key,
    /// Its size.
    pub bytes: u64,
    /// When it was written, by the clock of the store.
    pub modified: SystemTime,
}
