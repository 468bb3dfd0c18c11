//! What to back up, and how.

use std::time::Duration;

use palisade_config::{EnvironmentName, HistoryTable};
use palisade_db::ConnectSettings;
use palisade_embedded::EmbeddedSettings;
use palisade_store::Store;

use crate::inventory::Inventory;
use crate::keys::Recipients;

/// What to back up, and where to.
#[derive(Debug, Clone)]
pub struct CreateOptions {
    /// Where backups lie.
    pub store: Store,
    /// Goes into the name.
    pub environment: EnvironmentName,
    /// How to reach the database: directly, for a snapshot does not last behind a pooler in transaction mode.
    pub connect: ConnectSettings,
    /// The history of migrations, which goes into the manifest.
    pub history: HistoryTable,
    /// Where `pg_dump` is found.
    pub embedded: EmbeddedSettings,
    /// How rows are read.
    pub engine: EngineChoice,
    /// How many connections read rows, for [`Engine::Parallel`](crate::Engine::Parallel); at least one.
    pub jobs: usize,
    /// Level of zstd, from 1 to 19: 1 is fastest.
    pub compression: i32,
    /// Who can decrypt it; nobody: it is not encrypted.
    pub recipients: Recipients,
}

/// How rows are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EngineChoice {
    /// By several connections if the database is large.
    #[default]
    Fitting,
    /// By one `pg_dump`.
    Single,
    /// By several connections.
    Parallel,
}

/// How far a backup has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// Bytes that were read so far, before compression.
    pub bytes: u64,
    /// Size of the tables on the server's disk. What is read of them can be more or less.
    pub of_bytes: u64,
    /// Tables that were read to their end; known for several connections only.
    pub tables: usize,
    /// How many there are.
    pub of_tables: usize,
    /// Since the beginning.
    pub elapsed: Duration,
}

impl Progress {
    pub(super) fn of(inventory: &Inventory) -> Self {
        Self {
            bytes: 0,
            of_bytes: inventory.with_rows().map(|it| it.bytes).sum(),
            tables: 0,
            of_tables: inventory.with_rows().count(),
            elapsed: Duration::ZERO,
        }
    }
}
