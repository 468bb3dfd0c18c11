//! What a backup says about itself.

use jiff::Timestamp;
use palisade_config::{DatabaseUrl, Host};
use palisade_plan::TargetIdentity;
use serde::{Deserialize, Serialize};

use crate::name::BackupName;

/// The format of the manifests that this version writes. Older ones stay readable.
pub const MANIFEST_FORMAT: u32 = 1;

/// The file next to a dump. It holds no credentials, and nothing that was not measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`MANIFEST_FORMAT`] of the version that wrote it.
    pub format: u32,
    /// The backup's name.
    pub name: BackupName,
    /// What was backed up.
    pub source: Source,
    /// Version of the server, as in `15.18`.
    pub server_version: String,
    /// Version of the `pg_dump` that wrote it, as in `15.18`. Only a `pg_restore` of that major version or a newer one
    /// reads it.
    pub client_version: String,
    /// The migrations that were applied in the very state that was dumped; `None` if there was no history.
    pub migrations: Option<Vec<AppliedMigration>>,
    /// Size of the dump, in bytes.
    pub bytes: u64,
    /// SHA-256 of the dump, in hexadecimal.
    pub sha256: String,
    /// Number of objects in the dump's table of contents.
    pub objects: u64,
    /// [Size of the database](https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-ADMIN-DBSIZE) on the
    /// server's disk, in bytes.
    pub database_bytes: u64,
    /// What `pg_dump` warned of, one line each.
    pub warnings: Vec<String>,
    /// When the backup was begun, by our clock.
    pub started_at: Timestamp,
    /// When the dump was complete, by our clock.
    pub finished_at: Timestamp,
}

/// The database that was backed up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The host name, or the directory of the socket.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The database.
    pub database: String,
    /// Its object id.
    pub database_oid: u32,
    /// The cluster's system identifier, if the server told.
    pub system: Option<String>,
}

impl Source {
    pub(crate) fn new(url: &DatabaseUrl, identity: &TargetIdentity) -> Self {
        let TargetIdentity { system, database, database_oid } = identity;
        Self {
            host: match &url.host {
                Host::Tcp(host) => host.clone(),
                Host::Socket(directory) => directory.to_string(),
            },
            port: url.port,
            database: database.clone(),
            database_oid: *database_oid,
            system: system.clone(),
        }
    }

    /// Whether this is the database that answered with `identity`. `false` also where a server does not tell.
    pub(crate) fn is(&self, identity: &TargetIdentity) -> bool {
        self.system.is_some() && self.system == identity.system && self.database_oid == identity.database_oid
    }
}

/// One line of the history of migrations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppliedMigration {
    /// Its version.
    pub version: i64,
    /// SHA-384 of its file, in hexadecimal.
    pub checksum: String,
}

impl Manifest {
    /// The major version of the `pg_dump` that wrote the dump.
    pub(crate) fn client_major(&self) -> Option<u32> {
        major(&self.client_version)
    }

    /// The major version of the server.
    pub(crate) fn server_major(&self) -> Option<u32> {
        major(&self.server_version)
    }
}

fn major(version: &str) -> Option<u32> {
    version.split('.').next()?.parse().ok()
}
