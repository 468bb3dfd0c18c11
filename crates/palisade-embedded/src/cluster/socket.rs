//! Where a server puts its socket.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

use camino::{Utf8Path, Utf8PathBuf};

use super::{Cluster, Lock};
use crate::error::ServerError;
use crate::files;

/// The longest path of a socket that all systems take; Linux takes
/// [107 bytes](https://man7.org/linux/man-pages/man7/unix.7.html), macOS 103.
const LONGEST: usize = 103;

impl Cluster {
    /// An empty directory for the socket that only the owner of the cluster can enter: in its home if the path is short
    /// enough, else in `/tmp`. The server must not run.
    pub(super) fn fresh_socket_directory(&self, _lock: &Lock) -> Result<Utf8PathBuf, ServerError> {
        let directory = self.socket_directory()?;
        let clear = || -> io::Result<()> {
            for entry in directory.read_dir_utf8()? {
                let entry = entry?;
                // What a killed server leaves can keep the next one from starting; see `Postmaster::Crashed`.
                if entry.file_name().starts_with(".s.PGSQL.") {
                    fs::remove_file(entry.path())?;
                }
            }
            Ok(())
        };
        clear().map_err(|source| self.file_error(directory.clone(), source))?;
        Ok(directory)
    }

    /// Leaves nothing in `/tmp` after an orderly stop. One with anything in it stays.
    pub(super) fn remove_socket_directory(&self) {
        if let Some(directory) = self.state().socket_dir.filter(|it| !it.starts_with(&self.home)) {
            let _in_use_or_gone = fs::remove_dir(directory);
        }
    }

    fn socket_directory(&self) -> Result<Utf8PathBuf, ServerError> {
        let home = self.home.join("run");
        let fits = file(&home, u16::MAX).as_str().len() <= LONGEST;
        // The setting is a list with its own quoting, which we rather stay away from.
        let plain = home.as_str().bytes().all(|it| it.is_ascii_alphanumeric() || b"/._+@-".contains(&it));
        if fits && plain {
            return self.private(home.clone()).map_err(|source| self.file_error(home, source));
        }
        let stem = format!("/tmp/palisade-{}-{}", self.account.uid, files::short_hash(self.home.as_str()));
        // Everybody may write to /tmp, so that somebody else may have taken the name.
        let mut last = io::Error::from(io::ErrorKind::AlreadyExists);
        for attempt in 0..10 {
            match self.private(format!("{stem}-{attempt}").into()) {
                Ok(directory) => return Ok(directory),
                Err(error) => last = error,
            }
        }
        Err(self.file_error(stem.into(), last))
    }

    fn private(&self, path: Utf8PathBuf) -> io::Result<Utf8PathBuf> {
        files::directory(&path, 0o700, &self.account)?;
        let metadata = fs::symlink_metadata(&path)?;
        if !metadata.is_dir() || metadata.uid() != self.account.uid {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        if metadata.permissions().mode() & 0o077 != 0 {
            fs::set_permissions(&path, fs::Permissions::from_mode(0o700))?;
        }
        Ok(path)
    }
}

/// The socket file of a server.
fn file(directory: &Utf8Path, port: u16) -> Utf8PathBuf {
    directory.join(format!(".s.PGSQL.{port}"))
}

pub(super) fn exists(directory: &Utf8Path, port: u16) -> bool {
    file(directory, port).exists()
}
