//! Why a backup was not restored.

use std::io;

use camino::Utf8PathBuf;
use palisade_db::{ConnectError, DbError};
use palisade_embedded::EmbeddedError;

use crate::fetch::FetchError;
use crate::restore::{Stage, TargetError};
use crate::said::Said;

/// In bytes, as disks are sold.
const MEGABYTE: u64 = 1_000_000;

/// Why a backup was not restored. The target is unchanged, but for [`RestoreError::Incomplete`].
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The backup cannot be read, or cannot be trusted.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// What came out of the store is not what the manifest says.
    #[error("the backup is not what its manifest says: {}", problems.join("; "))]
    Different {
        /// In what.
        problems: Vec<String>,
    },
    /// The target's server lacks extensions.
    #[error("the target has no extension {}", extensions.join(", "))]
    ExtensionMissing {
        /// Which.
        extensions: Vec<String>,
    },
    /// The target is the database of a protected environment.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The target cannot be reached.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The target could not be asked.
    #[error("the target did not say what is in it: {0}")]
    Database(DbError),
    /// Something is there, and nobody confirmed that it may go.
    #[error("the database `{database}` is not empty: it has {}", objects.join(", "))]
    NotEmpty {
        /// The database.
        database: String,
        /// A few of its objects.
        objects: Vec<String>,
    },
    /// The disk of the target's server is smaller than what would be put onto it.
    #[error(
        "the restore needs at least {} MB, and {} MB are free in `{place}` on the target's server",
        needed.div_ceil(MEGABYTE),
        free / MEGABYTE
    )]
    NoSpace {
        /// What the database that was backed up took, in bytes.
        needed: u64,
        /// What is free, in bytes.
        free: u64,
        /// The directory in which the server keeps its databases.
        place: Utf8PathBuf,
    },
    /// A dump cannot go back in time.
    #[error("the backup is of Postgres {backup}, the target is an older Postgres {server}")]
    OlderServer {
        /// Version of the server that was backed up.
        backup: String,
        /// Major version of the target.
        server: u32,
    },
    /// The programs that were found do not do.
    #[error("`pg_restore` of Postgres {programs} cannot restore this backup into a server of Postgres {server}")]
    Programs {
        /// Their major version.
        programs: u32,
        /// The target's.
        server: u32,
    },
    /// There is no `pg_restore` that reads the dump and fits the server.
    #[error("there is no `pg_restore` that fits, and none could be fetched")]
    NoProgram {
        /// Why.
        #[source]
        source: Box<EmbeddedError>,
    },
    /// The target lacks roles.
    #[error("the target has no role {}", roles.iter().map(|it| format!("`{it}`")).collect::<Vec<_>>().join(", "))]
    RolesMissing {
        /// Which own things, hold rights or are named by policies in the backup.
        roles: Vec<String>,
    },
    /// Only a whole backup can be restored in this way.
    #[error("{what} restores whole backups only")]
    WholeOnly {
        /// In which.
        what: &'static str,
    },
    /// What was chosen is not in the backup.
    #[error("the backup has no {}", names.join(", and no "))]
    NotInBackup {
        /// Kind and name of each.
        names: Vec<String>,
    },
    /// The database changed while the backup was restored beside it.
    #[error("the database `{database}` has changed while the backup was restored beside it, so it was not replaced")]
    Changed {
        /// The database, which is what it was.
        database: String,
    },
    /// A restore in stages failed before anything of it stayed.
    #[error("the restore failed while {stage}: {cause}")]
    Stage {
        /// What it was at.
        stage: Stage,
        /// Why.
        cause: Box<RestoreError>,
    },
    /// A restore in stages failed, and what it had done stays.
    #[error("the restore failed while {stage}, and the database `{database}` is incomplete now: {cause}")]
    Incomplete {
        /// What it was at.
        stage: Stage,
        /// The target.
        database: String,
        /// Why.
        cause: Box<RestoreError>,
    },
    /// The server did not store the rows of a table.
    #[error("the rows of {table} were not stored: {reason}")]
    Rows {
        /// Which.
        table: String,
        /// What the server says.
        reason: DbError,
    },
    /// The table of contents could not be put where `pg_restore` reads it with several jobs.
    #[error("the table of contents could not be written for `pg_restore`")]
    Contents {
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
    /// The new database that is to take the place of the old could not be made, or does not hold what it should.
    #[error("the database `{database}` could not be made: {reason}")]
    NewDatabase {
        /// Its name.
        database: String,
        /// Why.
        reason: DbError,
    },
    /// Databases that somebody is connected to cannot be renamed.
    #[error("the database `{database}` is in use by {}", sessions.join(", "))]
    InUse {
        /// The database.
        database: String,
        /// Process id, role and application of each session.
        sessions: Vec<String>,
    },
    /// The new database is whole, and did not take the place of the old one.
    #[error("the database `{database}` was not replaced: {reason}")]
    NotSwapped {
        /// The database, which is what it was.
        database: String,
        /// What the server says.
        reason: DbError,
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
    #[error("the file that hands the password to `pg_restore` could not be written")]
    Credentials {
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
    /// How `pg_restore` ended is not known.
    #[error("it is not known how `pg_restore` ended")]
    Wait {
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
    /// `pg_restore` did not end well.
    #[error("the backup could not be restored ({status}): {said}")]
    Restore {
        /// How it ended.
        status: String,
        /// What it said.
        said: Said,
    },
}

impl From<DbError> for RestoreError {
    fn from(error: DbError) -> Self {
        Self::Database(error)
    }
}

impl From<EmbeddedError> for RestoreError {
    fn from(source: EmbeddedError) -> Self {
        Self::NoProgram { source: Box::new(source) }
    }
}

impl RestoreError {
    /// What to do next; the CLI prints it under the error.
    pub fn help(&self) -> String {
        match self {
            Self::Fetch(error) => error.help(),
            Self::Different { .. } => {
                "this backup cannot be trusted: take another one, and look what has touched the store".to_owned()
            }
            Self::ExtensionMissing { .. } => {
                "install the extension on the target's server, or choose with `--schema` what to restore".to_owned()
            }
            Self::RolesMissing { .. } => {
                "create these roles on the target first, or let owners and rights fit the roles that there are: roles of policies \
                 are needed all the same"
                    .to_owned()
            }
            Self::WholeOnly { .. } => "leave the selection away, or restore in one transaction into the database itself".to_owned(),
            Self::NotInBackup { .. } => {
                "`backup show` lists the tables; a table is named without its schema, in the case that it was made with".to_owned()
            }
            Self::Changed { .. } => "stop what changes it, and restore again".to_owned(),
            Self::Stage { cause, .. } => cause.help(),
            Self::Incomplete { cause, .. } => format!(
                "{}; then restore again and confirm that the target may be overwritten: everything in it is dropped first",
                cause.help()
            ),
            Self::Rows { reason, .. } | Self::NewDatabase { reason, .. } | Self::NotSwapped { reason, .. } => {
                reason.help().unwrap_or_else(|| "correct that and try again".to_owned())
            }
            Self::Contents { .. } => "let this user write to the directory for temporary files (`TMPDIR`)".to_owned(),
            Self::InUse { .. } => "end these sessions first, or ask for them to be ended".to_owned(),
            Self::Wait { .. } => "look at the target: it is either as it was, or complete".to_owned(),
            Self::Target(error) => error.help(),
            Self::Connect(error) => error.help(),
            Self::Database(error) => error.help().unwrap_or_else(|| "run the same command again".to_owned()),
            Self::NotEmpty { .. } => {
                "restore into a new, empty database, or confirm that all of this may be dropped".to_owned()
            }
            Self::NoSpace { .. } => {
                "make room there, choose another server, or restore a part of it with `--schema` or `--table`".to_owned()
            }
            Self::OlderServer { .. } => "restore into a server of that version or a newer one".to_owned(),
            Self::Programs { server, .. } => {
                format!("install the client programs of Postgres {server}: `apt install postgresql-client-{server}`")
            }
            Self::NoProgram { source } => source.help(),
            Self::Start { program, .. } => format!("check that `{program}` runs, or set `PALISADE_PG_BIN`"),
            Self::Credentials { .. } => {
                "let this user write to the directory for temporary files (`TMPDIR`)".to_owned()
            }
            Self::Restore { said, .. } => {
                said.help().unwrap_or_else(|| "correct that and try again: the target is unchanged".to_owned())
            }
        }
    }
}
