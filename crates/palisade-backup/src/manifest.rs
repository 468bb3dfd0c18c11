//! What a backup says about itself.

use jiff::Timestamp;
use palisade_config::{DatabaseUrl, Host};
use palisade_plan::TargetIdentity;
use serde::{Deserialize, Serialize};

use crate::name::BackupName;

/// The format of the manifests that this version writes and reads.
pub const MANIFEST_FORMAT: u32 = 2;

/// The last thing that is written of a backup: without it there is none. It holds no credentials, and nothing that was not
/// measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`MANIFEST_FORMAT`] of the version that wrote it.
    pub format: u32,
    /// The backup's name: the environment, and a [ULID](https://github.com/ulid/spec).
    pub name: BackupName,
    /// The version of Palisade that wrote it.
    pub palisade_version: String,
    /// What was backed up.
    pub source: Source,
    /// Version of the server, as in `15.18`.
    pub server_version: String,
    /// Version of the `pg_dump` that took part, as in `15.18`. Only a `pg_restore` of that major version or a newer one reads its
    /// archives.
    pub client_version: String,
    /// How the rows were read.
    pub engine: Engine,
    /// The state that everything in it shows.
    pub snapshot: SnapshotFacts,
    /// The migrations that were applied in that very state; `None` if there was no history.
    pub migrations: Option<Vec<AppliedMigration>>,
    /// Fingerprint of the catalog of that state.
    pub fingerprint: String,
    /// Extensions that were installed.
    pub extensions: Vec<Extension>,
    /// Tables with rows of their own, in the order of their names.
    pub tables: Vec<TableContents>,
    /// Where sequences stood.
    pub sequences: Vec<Sequence>,
    /// How many large objects there were.
    pub large_objects: u64,
    /// The objects in the store, in the order in which a restore reads them.
    pub parts: Vec<Part>,
    /// Who can decrypt it; `None` if it is not encrypted.
    pub encryption: Option<Encryption>,
    /// Level of [zstd](https://facebook.github.io/zstd/).
    pub compression: i32,
    /// What is not in it, and why.
    pub exclusions: Vec<Exclusion>,
    /// What should be known about it, one sentence each.
    pub warnings: Vec<String>,
    /// [Size of the database](https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-ADMIN-DBSIZE) on the
    /// server's disk, in bytes.
    pub database_bytes: u64,
    /// When the backup was begun, by our clock.
    pub started_at: Timestamp,
    /// When everything was in the store, by our clock.
    pub finished_at: Timestamp,
    /// How long each stage took, in their order. Empty where the version that wrote it did not measure that.
    #[serde(default)]
    pub stages: Vec<StageDuration>,
}

/// How long a part of making a backup took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageDuration {
    /// Which. A text, so that stages of later versions are read as well. For both engines: `connect`; `locks`, waiting for whoever
    /// holds one included; `catalog`; `programs`, fetching them included; and as the last one `roles`. In between for
    /// [`Engine::Single`]: `schema`, which ends when `pg_dump` begins to write; `data`, which is large objects as well. For
    /// [`Engine::Parallel`]: `pre-data`, `rows`, `large-objects` if there are some, `post-data`.
    pub what: String,
    /// Milliseconds of the wall clock, rounded down. What is read is compressed, encrypted and stored in the same time.
    pub milliseconds: u64,
}

/// How rows were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Engine {
    /// All by one `pg_dump`.
    Single,
    /// The schema by `pg_dump`, rows by several connections that share its snapshot.
    Parallel,
}

impl Engine {
    /// As in the manifest.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::Parallel => "parallel",
        }
    }
}

/// The state that a backup shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotFacts {
    /// By the server's clock.
    pub at: Timestamp,
    /// Place in the write-ahead log, as `0/16B3740`: what was written behind it is not in the backup.
    pub lsn: Option<String>,
}

/// An extension.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extension {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// What a table held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableContents {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// The columns whose values are in the backup, in order: not generated ones.
    pub columns: Vec<String>,
    /// Number of rows.
    pub rows: u64,
    /// Bytes of its rows in the text form of COPY.
    pub bytes: u64,
    /// Sum of the XXH3-128 of all rows in the text form of COPY, in hexadecimal: the same in whatever order they come.
    pub digest: String,
}

/// Where a sequence stood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sequence {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// Its value.
    pub last_value: i64,
    /// Whether that was given out, so that the next is another.
    pub is_called: bool,
}

/// One object in the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Its name, behind that of the backup.
    pub file: String,
    /// What it holds.
    pub content: Content,
    /// Size before compression and encryption.
    pub plain_bytes: u64,
    /// BLAKE3 before compression and encryption, in hexadecimal.
    pub plain_blake3: String,
    /// Size in the store.
    pub bytes: u64,
    /// BLAKE3 of what is in the store, in hexadecimal.
    pub blake3: String,
}

/// What a part holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Content {
    /// An archive of `pg_dump` with everything.
    Everything,
    /// An archive of `pg_dump` with what rows need: schemas, types, tables, functions.
    PreData,
    /// Rows of a table, as `COPY … TO STDOUT` wrote them. Several parts may hold rows of the same.
    Rows {
        /// The table's schema.
        schema: String,
        /// The table.
        table: String,
    },
    /// An archive of `pg_dump` with large objects.
    LargeObjects,
    /// An archive of `pg_dump` with what comes behind rows: indexes, constraints, triggers, policies.
    PostData,
    /// Roles without passwords, as `pg_dumpall` wrote them.
    Roles,
}

/// How it was encrypted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Encryption {
    /// The [age](https://age-encryption.org/v1) recipients, any of whose identities decrypts it.
    pub recipients: Vec<String>,
}

/// What is not in a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exclusion {
    /// What.
    pub what: String,
    /// Why not.
    pub why: String,
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
    /// Rows of all tables.
    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|it| it.rows).sum()
    }

    /// Bytes in the store, without the manifest.
    pub fn bytes(&self) -> u64 {
        self.parts.iter().map(|it| it.bytes).sum()
    }

    /// Bytes before compression and encryption.
    pub fn plain_bytes(&self) -> u64 {
        self.parts.iter().map(|it| it.plain_bytes).sum()
    }

    /// BLAKE3 of it, in hexadecimal: two backups with the same one hold the same.
    pub fn digest(&self) -> String {
        // It holds strings, numbers and lists only, which always serialize.
        blake3::hash(&serde_json::to_vec(self).unwrap_or_default()).to_hex().to_string()
    }

    /// The major version of the `pg_dump` that took part.
    pub(crate) fn client_major(&self) -> Option<u32> {
        major(&self.client_version)
    }

    /// The major version of the server.
    pub(crate) fn server_major(&self) -> Option<u32> {
        major(&self.server_version)
    }
}

impl TableContents {
    /// Schema and name, as people write them.
    pub fn qualified(&self) -> String {
        format!("{}.{}", self.schema, self.name)
    }
}

fn major(version: &str) -> Option<u32> {
    version.split('.').next()?.parse().ok()
}
