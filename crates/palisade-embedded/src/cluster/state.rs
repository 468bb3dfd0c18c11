//! What we remember of a server between commands.

use camino::Utf8PathBuf;
use serde::{Deserialize, Serialize};

use super::postmaster::Postmaster;
use super::{Cluster, Lock};
use crate::error::ServerError;
use crate::files;

/// What we remember of a server between commands. All of it can be lost without harm.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub(crate) struct State {
    /// The TCP port; kept, so that the URL in people's tools stays good.
    pub(crate) port: Option<u16>,
    /// The port before that, if it had to be given up at the last start.
    pub(crate) former_port: Option<u16>,
    /// Where its socket was.
    pub(crate) socket_dir: Option<Utf8PathBuf>,
    /// Programs it was started with.
    pub(crate) bin: Option<Utf8PathBuf>,
    /// The run of the operating system in which it was started.
    pub(crate) boot: Option<String>,
    /// Which Supabase stubs its main database has.
    pub(crate) stubs: Option<String>,
}

impl Cluster {
    pub(crate) fn state(&self) -> State {
        std::fs::read(self.home.join("server.json"))
            .ok()
            .and_then(|content| serde_json::from_slice(&content).ok())
            .unwrap_or_default()
    }

    /// Whether the machine went down under the running server. A server that does not wait for its disk is then
    /// broken in ways that nobody notices.
    pub(crate) async fn lost_power(&self) -> Result<bool, ServerError> {
        let crashed = matches!(self.postmaster().await?, Postmaster::Crashed { .. });
        Ok(crashed && self.state().boot != boot())
    }

    pub(crate) fn remember(&self, _lock: &Lock, state: &State) -> Result<(), ServerError> {
        let path = self.home.join("server.json");
        let content = serde_json::to_vec_pretty(state).unwrap_or_default();
        files::write(&path, &content, 0o600, &self.account).map_err(|source| self.file_error(path, source))
    }
}

/// Identifies this run of the operating system, where there is a way to.
pub(super) fn boot() -> Option<String> {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok().map(|id| id.trim().to_owned())
}
