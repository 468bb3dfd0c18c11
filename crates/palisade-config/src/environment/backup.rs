//! How backups are made, where they lie, and how many stay.

use std::fmt;
use std::time::Duration;

use camino::Utf8PathBuf;

use crate::SecretSource;

/// How backups are made, where they lie, and how many stay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupSettings {
    /// Where they go.
    pub store: BackupStore,
    /// How a bucket is reached.
    pub s3: S3Access,
    /// Who can decrypt them, as [age](https://age-encryption.org) recipients; nobody: they are not encrypted.
    pub recipients: Vec<String>,
    /// Where the identity is that decrypts them. Only verifying and restoring need it.
    pub identity: Option<SecretSource>,
    /// How rows are read.
    pub engine: BackupEngine,
    /// How many connections read rows, at least one.
    pub jobs: u32,
    /// Level of zstd, 1 to 19.
    pub compression: u32,
    /// At which level a new backup is verified, 0 (not at all) to 3.
    pub verify: u32,
    /// A table that lost more than so many percent of its rows since the backup before is warned of; 0 never warns.
    pub shrunk: u32,
    /// What runs when a backup was made: a program and its arguments.
    pub on_success: Vec<String>,
    /// What runs when none could be made.
    pub on_failure: Vec<String>,
    /// How many stay.
    pub keep: Retention,
}

/// How rows are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BackupEngine {
    /// By several connections if the database is large.
    Fitting,
    /// By one `pg_dump`.
    Single,
    /// By several connections.
    Parallel,
}

impl BackupEngine {
    pub(crate) const ALL: [Self; 3] = [Self::Fitting, Self::Single, Self::Parallel];

    /// As in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fitting => "fitting",
            Self::Single => "single",
            Self::Parallel => "parallel",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }
}

/// How a bucket is reached, where the variables of the tools of AWS do not say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct S3Access {
    /// As in `https://s3.example.com`.
    pub endpoint: Option<String>,
    /// As in `eu-central-1`.
    pub region: Option<String>,
    /// Whether the bucket stands in the path of URLs.
    pub path_style: Option<bool>,
}

/// Where backups go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BackupStore {
    /// A directory, absolute.
    Directory(Utf8PathBuf),
    /// `s3://bucket/prefix`.
    Url(String),
}

/// How many backups stay: a backup is kept if any of these keeps it. Zero keeps none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// The newest.
    pub last: u32,
    /// The newest of each of the last hours that have one.
    pub hourly: u32,
    /// The newest of each of the last days that have one.
    pub daily: u32,
    /// The newest of each of the last weeks that have one.
    pub weekly: u32,
    /// The newest of each of the last months that have one.
    pub monthly: u32,
    /// The newest of each of the last years that have one.
    pub yearly: u32,
    /// All that are younger than this; zero: none for this reason.
    pub within: Duration,
    /// Nothing younger than this is removed, whatever the rest says: clocks differ.
    pub minimum_age: Duration,
}

impl fmt::Display for BackupStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directory(path) => f.write_str(path.as_str()),
            Self::Url(url) => f.write_str(url),
        }
    }
}
