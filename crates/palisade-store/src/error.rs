//! Why a store did not do what it was asked for.

use std::io;

use camino::Utf8PathBuf;

mod help;

/// What could not be done in a store. No variant holds a secret, or the query of a URL.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A text that is no key.
    #[error("`{key}` cannot be the name of an object: {reason}")]
    InvalidKey {
        /// The text.
        key: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A text that says neither a directory nor a bucket.
    #[error("`{location}` is no place for a store: {reason}")]
    InvalidLocation {
        /// The text.
        location: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A setting that cannot be.
    #[error("`{setting}` cannot be used: {reason}")]
    InvalidSetting {
        /// Its name, or that of a variable or file.
        setting: String,
        /// What is wrong with it.
        reason: String,
    },
    /// There is no such object.
    #[error("there is no `{key}` in {store}")]
    NotFound {
        /// Its name.
        key: String,
        /// Where it was looked for.
        store: String,
    },
    /// There is such an object already. Objects are never replaced.
    #[error("`{key}` is already in {store}")]
    Exists {
        /// Its name.
        key: String,
        /// Where it is.
        store: String,
    },
    /// An object is larger than the reader wanted to keep in memory.
    #[error("`{key}` has {bytes} bytes, and at most {limit} were expected")]
    TooLarge {
        /// Its name.
        key: String,
        /// Its size.
        bytes: u64,
        /// What was expected.
        limit: u64,
    },
    /// An object, or what came of it, is not as long as it has to be.
    #[error("`{key}` has to have {expected} bytes, and has {got}")]
    Incomplete {
        /// Its name.
        key: String,
        /// How many bytes it has to have.
        expected: u64,
        /// How many there are.
        got: u64,
    },
    /// No room is left, or no more is allowed.
    #[error("no room is left for `{path}`")]
    Full {
        /// What was being written.
        path: Utf8PathBuf,
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
    /// The directory can only be read.
    #[error("`{path}` can only be read")]
    ReadOnly {
        /// What was to be written.
        path: Utf8PathBuf,
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
    /// This user may not do this in the directory.
    #[error("{action} `{path}` is not permitted to this user")]
    NotPermitted {
        /// As in `writing`.
        action: &'static str,
        /// The file or directory.
        path: Utf8PathBuf,
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
    /// Any other failure in a directory.
    #[error("{action} `{path}` failed")]
    Io {
        /// As in `writing`.
        action: &'static str,
        /// The file or directory.
        path: Utf8PathBuf,
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
    /// The credentials are missing, wrong, or not allowed to do this.
    #[error("{action} in {store} was denied: {reason}")]
    Denied {
        /// As in `writing`.
        action: &'static str,
        /// Which bucket.
        store: String,
        /// What the server says.
        reason: String,
        /// Where credentials were looked for, and where they were found.
        tried: String,
    },
    /// There is no such bucket.
    #[error("there is no bucket `{bucket}` at {endpoint}")]
    NoBucket {
        /// Its name.
        bucket: String,
        /// Where it was looked for.
        endpoint: String,
    },
    /// The bucket is in another region than the one that was asked.
    #[error("{store} is not in region `{region}`: {reason}")]
    WrongRegion {
        /// Which bucket.
        store: String,
        /// Where it was looked for.
        region: String,
        /// What the server says.
        reason: String,
    },
    /// The server did not answer, also when asked again.
    #[error("{endpoint} cannot be reached: {reason}")]
    Unreachable {
        /// The server.
        endpoint: String,
        /// What was the matter.
        reason: String,
    },
    /// The server answers that it will not or cannot.
    #[error("{action} in {store} failed: {reason}")]
    Refused {
        /// As in `writing`.
        action: &'static str,
        /// Which bucket.
        store: String,
        /// What the server says.
        reason: String,
    },
    /// The program is ending, or the part of it that reads and writes files broke down.
    #[error("{action} was interrupted")]
    Interrupted {
        /// As in `writing`.
        action: &'static str,
    },
}
