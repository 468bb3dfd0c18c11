//! One cluster and its server, durable or not.

mod configuration;
mod create;
mod lock;
mod log;
mod orphans;
mod port;
mod postmaster;
mod socket;
mod start;
mod state;
mod stop;

use std::io;

use camino::{Utf8Path, Utf8PathBuf};
use palisade_config::{DatabaseUrl, Host, SecretString};

use crate::account::Account;
use crate::error::ServerError;
use crate::files;
use crate::settings::EmbeddedSettings;
pub(crate) use lock::Lock;
pub(crate) use postmaster::Running;

/// The superuser of every cluster of ours, named as on Supabase. Other than there it really is a superuser.
pub(crate) const SUPERUSER: &str = "postgres";

/// The database that every cluster has.
pub(crate) const MAIN_DATABASE: &str = "postgres";

/// What a cluster is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Durable, guarded by a password everywhere.
    Dev,
    /// Fast and forgetful. Its socket asks for no password: checking one costs more than all else that a connection
    /// does, and only its owner can enter the directory in which the socket lies.
    Scratch,
}

/// One cluster: a home directory, and the user who owns it and runs its server.
#[derive(Debug, Clone)]
pub(crate) struct Cluster {
    pub(crate) home: Utf8PathBuf,
    pub(crate) account: Account,
    pub(crate) purpose: Purpose,
    pub(crate) settings: EmbeddedSettings,
}

impl Cluster {
    /// The files of the cluster itself.
    pub(crate) fn data(&self) -> Utf8PathBuf {
        self.home.join("data")
    }

    fn log_file(&self) -> Utf8PathBuf {
        self.home.join("server.log")
    }

    fn password_file(&self) -> Utf8PathBuf {
        self.home.join("password")
    }

    /// The major version that made it; none if it is not made yet.
    pub(crate) fn major(&self) -> Result<Option<u32>, ServerError> {
        let path = self.data().join("PG_VERSION");
        match std::fs::read_to_string(&path) {
            Ok(text) => Ok(text.trim().parse().ok()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(self.file_error(path, source)),
        }
    }

    /// Whether there is no cluster yet, or one of this major version.
    pub(crate) fn made_by(&self, major: u32) -> Result<bool, ServerError> {
        Ok(self.major()?.is_none_or(|found| found == major))
    }

    /// Makes the home directory, which only its owner may enter.
    pub(crate) fn make_home(&self) -> Result<(), ServerError> {
        if let Some(obstacle) = files::obstacle(&self.home, &self.account).filter(|_| self.account.switch) {
            let (home, user) = (self.home.clone(), self.account.name.clone());
            return Err(ServerError::Closed { home, obstacle, user });
        }
        // What is there already is the account's, or root's and empty: `Account::owning` has made sure.
        files::directory(&self.home, 0o700, &self.account)
            .and_then(|()| files::give(&self.home, &self.account))
            .map_err(|source| self.file_error(self.home.clone(), source))
    }

    /// The URL through TCP, with the password.
    pub(crate) fn tcp_url(&self, running: &Running) -> Result<DatabaseUrl, ServerError> {
        Ok(url(Host::Tcp("127.0.0.1".to_owned()), running.port, Some(self.password()?)))
    }

    /// The URL through the socket, if the server has one still. Cleaners of temporary directories remove them.
    pub(crate) fn socket_url(&self, running: &Running) -> Result<Option<DatabaseUrl>, ServerError> {
        let Some(directory) = running.socket_dir.as_ref().filter(|it| socket::exists(it, running.port)) else {
            return Ok(None);
        };
        let password = match self.purpose {
            Purpose::Dev => Some(self.password()?),
            Purpose::Scratch => None,
        };
        Ok(Some(url(Host::Socket(directory.clone()), running.port, password)))
    }

    /// The superuser's password. A file that others can read is closed to them first.
    fn password(&self) -> Result<SecretString, ServerError> {
        use std::os::unix::fs::PermissionsExt as _;
        let path = self.password_file();
        let read = || -> io::Result<String> {
            let metadata = std::fs::metadata(&path)?;
            if metadata.permissions().mode() & 0o077 != 0 {
                tracing::warn!(%path, "others could read this password file; closing it");
                std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
            }
            std::fs::read_to_string(&path)
        };
        match read() {
            Ok(text) => Ok(SecretString::from(text.trim_end().to_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(ServerError::PasswordMissing { path, home: self.home.clone() })
            }
            Err(source) => Err(self.file_error(path, source)),
        }
    }

    /// An error about a file, which is another one if the disk is full or the file somebody else's.
    fn file_error(&self, path: Utf8PathBuf, source: io::Error) -> ServerError {
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ServerError::DiskFull { path },
            io::ErrorKind::PermissionDenied => match self.account.clone().owning(&self.home) {
                Err(error @ ServerError::NotOurs { .. }) => error,
                _ => ServerError::File { path, source },
            },
            _ => ServerError::File { path, source },
        }
    }
}

fn url(host: Host, port: u16, password: Option<SecretString>) -> DatabaseUrl {
    DatabaseUrl {
        user: SUPERUSER.to_owned(),
        password,
        host,
        port,
        database: MAIN_DATABASE.to_owned(),
        parameters: std::collections::BTreeMap::new(),
    }
}

/// Whether a path can stand in the shell command that `pg_ctl` makes of it. It is put between double quotes there,
/// and nothing is escaped.
pub(crate) fn is_safe_for_pg_ctl(path: &Utf8Path) -> bool {
    !path.as_str().contains(['"', '$', '`', '\\', '\n'])
}
