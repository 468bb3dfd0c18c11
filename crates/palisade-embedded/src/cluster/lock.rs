//! One command at a time creates, starts or stops a server.

use std::fs::{File, OpenOptions, TryLockError};

use tracing::info;

use super::Cluster;
use crate::error::ServerError;
use crate::files;

/// The right to create, start and stop a server. It ends with its holder, however that ends.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Cluster {
    /// Waits until no other command starts or stops this server.
    pub(crate) async fn lock(&self) -> Result<Lock, ServerError> {
        let path = self.home.join("lock");
        let error = |source| self.file_error(path.clone(), source);
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(error)?;
        files::give(&path, &self.account).map_err(error)?;
        match file.try_lock() {
            Ok(()) => return Ok(Lock { _file: file }),
            Err(TryLockError::WouldBlock) => info!(home = %self.home, "waiting for another command"),
            Err(TryLockError::Error(source)) => return Err(error(source)),
        }
        let locking = tokio::task::spawn_blocking(move || file.lock().map(|()| file));
        let locked = locking.await.unwrap_or_else(|panic| Err(std::io::Error::other(panic)));
        Ok(Lock { _file: locked.map_err(error)? })
    }
}
