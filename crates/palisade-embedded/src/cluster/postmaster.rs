//! Whether a server runs, and which process it is.

use camino::{Utf8Path, Utf8PathBuf};
use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

use super::Cluster;
use crate::account::Account;
use crate::error::ServerError;
use crate::program;
use crate::settings::EmbeddedSettings;

/// A server that accepts connections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Running {
    /// Its process.
    pub(crate) pid: u32,
    /// Its TCP port, and the number of its socket.
    pub(crate) port: u16,
    /// Where it made its socket.
    pub(crate) socket_dir: Option<Utf8PathBuf>,
}

/// What `postmaster.pid` and the process table say together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Postmaster {
    /// No file: the server was stopped, or never ran.
    Absent,
    /// The process is gone, or has become another program: the server or the machine crashed.
    Crashed {
        /// Whether Postgres would take the file for that of a living server, and
        /// [not start](https://www.postgresql.org/docs/current/server-start.html): another program has the number now,
        /// or nobody has collected the dead process yet, as in containers without an `init`.
        misleading: bool,
    },
    /// The server lives but does not accept connections: it recovers or stops.
    Busy {
        /// Its process.
        pid: u32,
    },
    /// The server accepts connections.
    Ready(Running),
}

impl Cluster {
    /// The server, if it accepts connections.
    pub(crate) async fn running(&self) -> Result<Option<Running>, ServerError> {
        Ok(match self.postmaster().await? {
            Postmaster::Ready(running) => Some(running),
            Postmaster::Absent | Postmaster::Crashed { .. } | Postmaster::Busy { .. } => None,
        })
    }

    pub(super) async fn postmaster(&self) -> Result<Postmaster, ServerError> {
        let path = self.data().join("postmaster.pid");
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Postmaster::Absent),
            Err(source) => return Err(self.file_error(path, source)),
        };
        // Postgres writes the file line by line; one that is cut short or empty tells as much as none.
        let lines: Vec<_> = text.lines().map(str::trim).collect();
        let Some(pid) = lines.first().and_then(|line| line.parse::<u32>().ok()) else {
            return Ok(Postmaster::Crashed { misleading: true });
        };
        let line = command_line(&self.settings, &self.account, pid).await;
        if line.is_none_or(|line| !serves(&line, &self.data())) {
            return Ok(Postmaster::Crashed { misleading: exists(pid) });
        }
        let ready = lines.get(7).is_some_and(|status| *status == "ready");
        let port = lines.get(3).and_then(|line| line.parse().ok()).filter(|_| ready);
        let Some(port) = port else { return Ok(Postmaster::Busy { pid }) };
        let socket_dir = lines.get(4).filter(|line| !line.is_empty()).map(Into::into);
        Ok(Postmaster::Ready(Running { pid, port, socket_dir }))
    }
}

/// Whether the process table has an entry of that number, dead or alive.
fn exists(pid: u32) -> bool {
    let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) else { return false };
    test_kill_process(pid) != Err(Errno::SRCH)
}

/// How a process was started; none if it does not live (a zombie has no command line).
async fn command_line(settings: &EmbeddedSettings, account: &Account, pid: u32) -> Option<String> {
    let line = if Utf8Path::new("/proc/self/cmdline").exists() {
        String::from_utf8_lossy(&std::fs::read(format!("/proc/{pid}/cmdline")).ok()?).replace('\0', " ")
    } else {
        let arguments = ["-ww", "-o", "command=", "-p", &pid.to_string()];
        let output = program::run(settings, account, "/".into(), "/bin/ps".into(), &arguments).await.ok()?;
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let line = line.trim();
    (!line.is_empty()).then(|| line.to_owned())
}

/// Whether this is the command line of a Postgres server for the cluster in `data`, as we start them.
fn serves(command_line: &str, data: &Utf8Path) -> bool {
    let (program, arguments) = command_line.split_once(" -D ").unwrap_or((command_line, ""));
    let is_postgres = matches!(program.rsplit('/').next(), Some("postgres" | "postmaster"));
    let behind = arguments.strip_prefix(data.as_str());
    is_postgres && behind.is_some_and(|it| it.is_empty() || it.starts_with(' '))
}

#[cfg(test)]
mod tests {
    use super::serves;

    #[test]
    fn only_a_server_of_this_very_cluster_counts() {
        let data = "/home/ann/my project/.palisade/dev/data";
        for (line, ours) in [
            ("/usr/lib/postgresql/15/bin/postgres -D /home/ann/my project/.palisade/dev/data", true),
            ("/usr/bin/postgres -D /home/ann/my project/.palisade/dev/data -c x=y", true),
            ("/usr/bin/postgres -D /home/ann/my project/.palisade/dev/data2", false),
            ("/usr/bin/postgres -D /var/lib/postgresql/15/main", false),
            ("vi -D /home/ann/my project/.palisade/dev/data", false),
            ("sleep 100", false),
        ] {
            assert_eq!(serves(line, data.into()), ours, "{line}");
        }
    }
}
