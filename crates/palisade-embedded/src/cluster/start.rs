//! Starting a server.

use std::time::{Duration, Instant};

use tracing::{debug, info};

use super::log::{self, Cause, Mark};
use super::postmaster::{Postmaster, Running};
use super::{Cluster, Lock, configuration, port, state};
use crate::error::ServerError;
use crate::installation::Installation;
use crate::{files, program};

/// How long a server may take to recover or stop, in seconds.
const PATIENCE_SECONDS: u64 = 300;

/// How often a start is repeated for a reason that goes away by itself.
const ATTEMPTS: usize = 50;

impl Cluster {
    /// Starts the server, unless it runs. The cluster must exist.
    pub(crate) async fn start(&self, lock: &Lock, installation: &Installation) -> Result<Running, ServerError> {
        match self.settled().await? {
            Postmaster::Ready(running) => return Ok(running),
            Postmaster::Absent | Postmaster::Busy { .. } => {}
            Postmaster::Crashed { misleading } => {
                info!(home = %self.home, "the server did not stop in order; it recovers");
                self.end_orphans().await;
                if misleading {
                    // Nothing is lost with it: whoever could still hold the shared memory has been ended.
                    let path = self.data().join("postmaster.pid");
                    std::fs::remove_file(&path).map_err(|source| self.file_error(path, source))?;
                }
            }
        }
        let socket_dir = self.fresh_socket_directory(lock)?;
        let mut state = self.state();
        let remembered = state.port;
        let mut ports = port::candidates(&self.home, state.port);
        let mut port = ports.next();
        for _ in 0..ATTEMPTS {
            let Some(number) = port else { break };
            self.configure(number, &socket_dir)?;
            state.port = Some(number);
            state.former_port = remembered.filter(|it| *it != number);
            state.socket_dir = Some(socket_dir.clone());
            state.bin = Some(installation.bin.clone());
            state.boot = state::boot();
            self.remember(lock, &state)?;
            match self.pg_ctl_start(installation).await? {
                Ok(running) => return Ok(running),
                Err(Cause::PortTaken) => port = ports.next(),
                Err(_still_held) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
        let (first, last) = port::range();
        Err(ServerError::NoPort { first, last })
    }

    /// What the server is, once it is neither recovering nor stopping.
    async fn settled(&self) -> Result<Postmaster, ServerError> {
        let started = Instant::now();
        loop {
            match self.postmaster().await? {
                Postmaster::Busy { pid } if started.elapsed() > Duration::from_secs(PATIENCE_SECONDS) => {
                    return Err(ServerError::Stop { home: self.home.clone(), pid });
                }
                Postmaster::Busy { pid } => debug!(pid, "waiting for the server to recover or stop"),
                settled => return Ok(settled),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn configure(&self, port: u16, socket_dir: &camino::Utf8Path) -> Result<(), ServerError> {
        let path = self.data().join(configuration::FILE);
        let text = self.configuration(port, socket_dir);
        files::write(&path, text.as_bytes(), 0o600, &self.account).map_err(|source| self.file_error(path, source))
    }

    /// One try. The inner error is one after which another try can succeed.
    ///
    /// `pg_ctl` detaches the server from our terminal and process group, so that it outlives us, and waits until it
    /// accepts connections.
    async fn pg_ctl_start(&self, installation: &Installation) -> Result<Result<Running, Cause>, ServerError> {
        let (data, log_file) = (self.data(), self.log_file());
        let mark = Mark::at_end(&log_file);
        let pg_ctl = installation.program("pg_ctl");
        let timeout = PATIENCE_SECONDS.to_string();
        let arguments = ["start", "-D", data.as_str(), "-l", log_file.as_str(), "-w", "-s", "-t", &timeout];
        let output = program::run(&self.settings, &self.account, &self.home, &pg_ctl, &arguments)
            .await
            .map_err(|source| ServerError::Program { program: pg_ctl, source })?;
        if let Postmaster::Ready(running) = self.postmaster().await? {
            info!(home = %self.home, port = running.port, pid = running.pid, "server started");
            return Ok(Ok(running));
        }
        let written = mark.since();
        match log::cause(&written) {
            cause @ (Cause::PortTaken | Cause::StillHeld) => Ok(Err(cause)),
            Cause::DiskFull => Err(ServerError::DiskFull { path: self.home.clone() }),
            Cause::UnknownLocale | Cause::Other => {
                let text = if written.trim().is_empty() { program::said(&output) } else { written };
                Err(ServerError::Start { home: self.home.clone(), log: log::tail(&text) })
            }
        }
    }
}
