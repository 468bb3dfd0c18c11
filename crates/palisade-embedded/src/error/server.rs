//! Why a local server could not be created, started or stopped.

use std::io;

use camino::Utf8PathBuf;

/// Why a local server could not be created, started, stopped or asked.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// A file or directory of the server cannot be used.
    #[error("cannot use `{path}`")]
    File {
        /// The file or directory.
        path: Utf8PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The server's files belong to another user.
    #[error("the server in `{home}` belongs to user `{owner}`")]
    NotOurs {
        /// Home of the server.
        home: Utf8PathBuf,
        /// Its owner.
        owner: String,
    },
    /// The user who runs our servers cannot get to where this one is kept.
    #[error("user `{user}`, who runs Postgres here, cannot enter `{obstacle}`, in which `{home}` lies")]
    Closed {
        /// Home of the server.
        home: Utf8PathBuf,
        /// The closed directory.
        obstacle: Utf8PathBuf,
        /// The user.
        user: String,
    },
    /// We are root, and there is no ordinary user who could run Postgres.
    #[error("Postgres refuses to run as root, and there is neither a user `postgres` nor a user `nobody`")]
    NoOrdinaryUser,
    /// The disk is full.
    #[error("no space is left on the disk of `{path}`")]
    DiskFull {
        /// Where room is needed.
        path: Utf8PathBuf,
    },
    /// `initdb` failed.
    #[error("`initdb` could not create a cluster in `{data}`:\n{output}")]
    Create {
        /// Where the cluster was to be.
        data: Utf8PathBuf,
        /// What `initdb` said.
        output: String,
    },
    /// The cluster was made by another major version, and that is not installed.
    #[error("`{data}` was made by Postgres {found}, which is not here any more")]
    OtherMajor {
        /// The cluster.
        data: Utf8PathBuf,
        /// The version that made it.
        found: u32,
        /// Why none of that version can be used.
        reason: String,
    },
    /// The password file is gone while the cluster that it opens is still there.
    #[error("the password of the server, `{path}`, is missing")]
    PasswordMissing {
        /// The file.
        path: Utf8PathBuf,
        /// Home of the server.
        home: Utf8PathBuf,
    },
    /// The server did not come up.
    #[error("the server in `{home}` did not start; the end of its log:\n{log}")]
    Start {
        /// Home of the server.
        home: Utf8PathBuf,
        /// Last lines of its log.
        log: String,
    },
    /// No port was free.
    #[error("found no free port between {first} and {last}")]
    NoPort {
        /// First one tried.
        first: u16,
        /// Last one tried.
        last: u16,
    },
    /// The server did not go down.
    #[error("the server in `{home}` (process {pid}) does not stop")]
    Stop {
        /// Home of the server.
        home: Utf8PathBuf,
        /// Its process.
        pid: u32,
    },
    /// A process could not be signalled.
    #[error("cannot signal process {pid}, the server in `{home}`")]
    Signal {
        /// Home of the server.
        home: Utf8PathBuf,
        /// Its process.
        pid: u32,
        /// Why.
        source: io::Error,
    },
    /// A program of Postgres could not be run.
    #[error("cannot run `{program}`")]
    Program {
        /// Path of the program.
        program: Utf8PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The running server cannot be connected to.
    #[error("cannot connect to the server in `{home}`")]
    Connect {
        /// Home of the server.
        home: Utf8PathBuf,
        /// Why.
        source: Box<palisade_db::ConnectError>,
    },
    /// The Supabase stubs could not be put into the development database.
    #[error("cannot put the Supabase stubs into the development database")]
    Stubs {
        /// Why.
        source: Box<palisade_db::DbError>,
    },
}

impl ServerError {
    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::File { path, source } => match source.kind() {
                io::ErrorKind::PermissionDenied => format!("check who owns `{path}`: run as that user, or with sudo"),
                io::ErrorKind::ReadOnlyFilesystem => {
                    "the directory must be writable, or set `DATABASE_URL` to a server that runs elsewhere".to_owned()
                }
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => free_space(),
                _ => format!("check that `{path}` is in order"),
            },
            Self::NotOurs { home, owner } if owner == "root" => {
                format!("move `{home}` away: Postgres does not run as root, and nothing of root's is taken over")
            }
            Self::NotOurs { owner, .. } => format!("run as `{owner}`, or with sudo"),
            Self::Closed { obstacle, .. } => format!("run `chmod o+x {obstacle}`"),
            Self::NoOrdinaryUser => "run as an ordinary user, or create one: `adduser --system postgres`".to_owned(),
            Self::DiskFull { .. } => free_space(),
            Self::Create { data, .. } => {
                format!("remove what stands in the way of `{data}`, and run the same command again")
            }
            Self::OtherMajor { data, found, reason } => format!(
                "{reason}; install Postgres {found} or let `PALISADE_PG_BIN` name it, or start anew: \
                 `cargo xtask db-stop`, move `{data}` away, `cargo xtask db-init`"
            ),
            Self::PasswordMissing { home, .. } => {
                format!("put it back, or start anew: `cargo xtask db-stop`, move `{home}` away, `cargo xtask db-init`")
            }
            Self::Start { home, .. } => format!("the whole log is `{home}/server.log`"),
            Self::NoPort { .. } => "stop servers that you do not need".to_owned(),
            Self::Stop { pid, .. } => format!("end what is connected to it, or run `kill -QUIT {pid}`"),
            Self::Signal { .. } => "run as the user who started the server, or with sudo".to_owned(),
            Self::Program { .. } => "reinstall Postgres, or name another one with `PALISADE_PG_BIN`".to_owned(),
            Self::Connect { home, .. } => {
                format!("run `cargo xtask db-stop --all` and try again; the server's log is `{home}/server.log`")
            }
            Self::Stubs { .. } => {
                "remove what has the same name as something of Supabase, or move `.palisade/dev` away".to_owned()
            }
        }
    }
}

fn free_space() -> String {
    "free some space and run the same command again; what was begun is finished then".to_owned()
}
