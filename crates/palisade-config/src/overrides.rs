//! What the flags of a command override.

use std::time::Duration;

use camino::Utf8PathBuf;

use crate::SslMode;

/// The strongest layer of the configuration: what the flags of a command say. `None` leaves the layers below alone.
///
/// Whether an environment is protected, which database it expects and which gates it has is not here: what a file under
/// review says cannot be waved away on a command line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    /// `--lock-timeout`: longest wait of one statement for a lock.
    pub lock_timeout: Option<Duration>,
    /// `--statement-timeout`: longest run of one statement, zero for no limit.
    pub statement_timeout: Option<Duration>,
    /// `--connect-timeout`: longest wait for a connection.
    pub connect_timeout: Option<Duration>,
    /// `--ssl-mode`.
    pub ssl_mode: Option<SslMode>,
    /// `--root-certificate`, relative to the current directory.
    pub root_certificate: Option<Utf8PathBuf>,
    /// `--backup-store`: a directory, relative to the project, or a URL such as `s3://bucket/prefix`.
    pub backup_store: Option<String>,
}
