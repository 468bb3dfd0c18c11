//! Why there is no new backup.

use std::io;

use camino::Utf8PathBuf;
use palisade_archive::{ArchiveError, CopyTextError};
use palisade_db::{ConnectError, DbError};
use palisade_embedded::EmbeddedError;
use palisade_store::StoreError;

use crate::said::Said;
use crate::ship::ShipError;

/// Why there is no new backup. The store holds nothing new under a backup's name.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// The database cannot be reached.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The server could not be asked.
    #[error("the server did not say what there is to back up: {0}")]
    Database(DbError),
    /// There is no `pg_dump` for this server.
    #[error("there is no `pg_dump` for this server, and none could be fetched")]
    NoProgram {
        /// Why.
        #[source]
        source: Box<EmbeddedError>,
    },
    /// A program could not be started.
    #[error("`{program}` could not be started")]
    Start {
        /// Which.
        program: Utf8PathBuf,
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
    /// The password could not be handed over.
    #[error("the file that hands the password to `pg_dump` could not be written")]
    Credentials {
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
    /// The output of `pg_dump` could not be read.
    #[error("the output of `pg_dump` could not be read")]
    Read {
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
    /// Between us and the server is a pooler that gives each transaction another session.
    #[error("a pooler in transaction mode lies before the database: it does not keep the snapshot of a backup")]
    Pooler,
    /// Row security would keep rows from the backup.
    #[error("row security applies to `{user}`: rows of {} would be missing without an error", some(tables))]
    Filtered {
        /// The role.
        user: String,
        /// The tables.
        tables: Vec<String>,
    },
    /// Some tables cannot be read.
    #[error("`{user}` may not read {}", some(tables))]
    Unreadable {
        /// The role.
        user: String,
        /// The tables.
        tables: Vec<String>,
    },
    /// Somebody holds locks.
    #[error("tables are locked against reading{}{}", if blockers.is_empty() { "" } else { ": " }, blockers.join("; "))]
    Locked {
        /// Which tables, by whom.
        blockers: Vec<String>,
    },
    /// Tables came and went all the time.
    #[error("tables were made or dropped each time all of them were being locked")]
    Restless,
    /// The transaction that kept the state of the database has ended.
    #[error("the session that kept the state of the database still was ended before everything was read: {source}")]
    SnapshotLost {
        /// What the server says.
        source: DbError,
    },
    /// The server does not answer any more, and has not ended the connection.
    #[error("the server has not answered for {seconds} seconds")]
    Silent {
        /// How long it was waited for.
        seconds: u64,
    },
    /// Rows could not be read to their end.
    #[error("the rows of {table} could not be read to their end: {source}")]
    Rows {
        /// Of which table.
        table: String,
        /// What the server says.
        source: DbError,
    },
    /// A thread that reads rows could not be started, or has failed.
    #[error("a thread that reads rows could not be started, or has failed")]
    Reader {
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
    /// Rows are not in the form of COPY.
    #[error("the rows of {table} are not what COPY writes: {source}")]
    CopyText {
        /// Of which table.
        table: String,
        /// What is wrong.
        source: CopyTextError,
    },
    /// A table that was there did not arrive.
    #[error("the rows of {table} are not in what was read")]
    TableMissing {
        /// Which.
        table: String,
    },
    /// A program did not end well.
    #[error("`{program}` failed ({status}): {said}")]
    Dump {
        /// Which.
        program: &'static str,
        /// How it ended.
        status: String,
        /// What it said.
        said: Said,
    },
    /// A program ended well, and has warned of something that nobody knows.
    #[error("`{program}` ended well, and said something that may mean that the backup is not complete: {warning}")]
    Warned {
        /// Which.
        program: &'static str,
        /// What it said.
        warning: String,
    },
    /// What `pg_dump` wrote is not an archive, or not a whole one.
    #[error("what `pg_dump` wrote is not a complete archive: {0}")]
    Archive(#[from] ArchiveError),
    /// It could not be compressed or encrypted.
    #[error("the backup could not be compressed or encrypted")]
    Seal {
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The store cannot be written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What was written is not in the store.
    #[error("what was written is not in the store any more: {reason}")]
    Vanished {
        /// What is missing, or has another size.
        reason: String,
    },
    /// The manifest could not be put into words.
    #[error("the manifest could not be written down")]
    Manifest {
        /// Why.
        #[source]
        source: serde_json::Error,
    },
}

/// A few names, and how many there are besides.
fn some(names: &[String]) -> String {
    let shown = names.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(5) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

impl From<ShipError> for CreateError {
    fn from(error: ShipError) -> Self {
        match error {
            ShipError::Store(error) => Self::Store(error),
            ShipError::Archive(error) => Self::Archive(error),
            ShipError::Seal(source) => Self::Seal { source },
            ShipError::Cut => Self::Seal { source: io::ErrorKind::UnexpectedEof.into() },
        }
    }
}

impl From<DbError> for CreateError {
    fn from(error: DbError) -> Self {
        Self::Database(error)
    }
}

impl From<EmbeddedError> for CreateError {
    fn from(source: EmbeddedError) -> Self {
        Self::NoProgram { source: Box::new(source) }
    }
}

/// Every table is locked, and the server has room for so many locks only.
const MORE_LOCKS: &str = "the server cannot lock all tables at once: raise `max_locks_per_transaction`, which takes a restart of \
    the server; nothing was left behind";

/// The server names the setting in its hint, in whatever language; real memory it lacks under the same code.
fn lacks_locks(error: &DbError) -> bool {
    let hint = error.server().and_then(|it| it.hint.as_deref());
    hint.is_some_and(|it| it.contains("max_locks_per_transaction"))
}

impl CreateError {
    /// Whether it is the server that failed, or what speaks with it.
    pub(crate) fn is_about_the_server(&self) -> bool {
        matches!(self, Self::Connect(_) | Self::Database(_) | Self::Rows { .. } | Self::Dump { .. })
    }

    /// Whether a program was not allowed to read something.
    pub(crate) fn is_denied(&self) -> bool {
        matches!(self, Self::Dump { said, .. } if said.is_denied())
    }

    /// What to do next; the CLI prints it under the error.
    pub fn help(&self) -> String {
        let again = || "run the same command again; nothing was left behind".to_owned();
        match self {
            Self::Connect(error) => error.help(),
            Self::Database(error) if lacks_locks(error) => MORE_LOCKS.to_owned(),
            Self::Database(error) => error.help().unwrap_or_else(again),
            Self::NoProgram { source } => source.help(),
            Self::Start { program, .. } => format!("check that `{program}` runs, or set `PALISADE_PG_BIN`"),
            Self::Credentials { .. } => {
                "let this user write to the directory for temporary files (`TMPDIR`)".to_owned()
            }
            Self::Pooler => "name the direct connection in `direct-url`, or the pooler's session mode".to_owned(),
            Self::Filtered { .. } => {
                "back up as a role that row security does not apply to: one with BYPASSRLS, a superuser, or the owner of the tables \
                 where it is not forced; on Supabase the role `postgres`"
                    .to_owned()
            }
            Self::Unreadable { .. } => {
                "back up as the owner of the database, or grant `pg_read_all_data`; on Supabase as the role `postgres`".to_owned()
            }
            Self::Locked { .. } => "try again when that lock is gone, or raise `lock-timeout`".to_owned(),
            Self::Restless => "try again when no migration runs".to_owned(),
            Self::SnapshotLost { .. } => {
                "try again: somebody ended the session, or the connection broke; nothing was left behind".to_owned()
            }
            Self::Silent { .. } => {
                "try again when the server and the network on the way to it are well; nothing was left behind".to_owned()
            }
            Self::Rows { source, .. } if lacks_locks(source) => MORE_LOCKS.to_owned(),
            Self::Rows { source, .. } => source.help().unwrap_or_else(again),
            Self::Dump { said, .. } => said.help().unwrap_or_else(again),
            Self::Warned { .. } => {
                "look at what it says; if nothing is wrong with the database, report it to the makers of Palisade".to_owned()
            }
            Self::Store(error) => error.help(),
            Self::Vanished { .. } => "look what else writes to the store, or whether it is still mounted, and try again".to_owned(),
            Self::Reader { .. } | Self::TableMissing { .. } | Self::CopyText { .. } | Self::Archive(_) | Self::Seal { .. } | Self::Read { .. } | Self::Manifest { .. } => again(),
        }
    }
}
