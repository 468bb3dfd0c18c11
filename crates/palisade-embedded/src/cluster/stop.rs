//! Stopping a server.

use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tracing::info;

use super::postmaster::Postmaster;
use super::{Cluster, Lock};
use crate::error::ServerError;

/// How long each way of stopping may take before the next one is tried.
const PATIENCE: Duration = Duration::from_secs(30);

impl Cluster {
    /// Stops the server, if it runs. Says whether it ran.
    ///
    /// Sends the [signals](https://www.postgresql.org/docs/current/server-shutdown.html) that `pg_ctl stop` sends,
    /// without needing it: the programs may be gone by now.
    pub(crate) async fn stop(&self, _lock: &Lock) -> Result<bool, ServerError> {
        let mut ran = false;
        for signal in [Signal::INT, Signal::QUIT] {
            let Some(pid) = self.alive().await? else { return Ok(ran) };
            ran = true;
            let raw = i32::try_from(pid).ok().and_then(Pid::from_raw);
            if let Some(raw) = raw
                && let Err(error) = kill_process(raw, signal)
                && error != rustix::io::Errno::SRCH
            {
                return Err(ServerError::Signal { home: self.home.clone(), pid, source: error.into() });
            }
            let started = Instant::now();
            while started.elapsed() < PATIENCE {
                if self.alive().await?.is_none() {
                    self.remove_socket_directory();
                    info!(home = %self.home, pid, "server stopped");
                    return Ok(true);
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
        match self.alive().await? {
            Some(pid) => Err(ServerError::Stop { home: self.home.clone(), pid }),
            None => Ok(true),
        }
    }

    async fn alive(&self) -> Result<Option<u32>, ServerError> {
        Ok(match self.postmaster().await? {
            Postmaster::Ready(running) => Some(running.pid),
            Postmaster::Busy { pid } => Some(pid),
            Postmaster::Absent | Postmaster::Crashed { .. } => None,
        })
    }
}
