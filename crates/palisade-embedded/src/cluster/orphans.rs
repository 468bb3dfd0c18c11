//! What a killed postmaster leaves behind.

use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tracing::info;

use super::Cluster;

/// How long orphans get to notice that they are to end.
const PATIENCE: Duration = Duration::from_secs(5);

impl Cluster {
    /// The name that Postgres puts into the title of each of its processes.
    pub(super) fn name(&self) -> String {
        let purpose = match self.purpose {
            super::Purpose::Dev => "dev",
            super::Purpose::Scratch => "scratch",
        };
        format!("palisade-{purpose}-{}", crate::files::short_hash(self.home.as_str()))
    }

    /// Ends the server processes whose postmaster was killed.
    ///
    /// Idle ones end by themselves, but one in the midst of a query does not look up, and a new server
    /// [refuses to start](https://www.postgresql.org/docs/current/server-start.html) as long as it holds the old
    /// shared memory. It can do no good any more: nobody would write down what it commits.
    pub(super) async fn end_orphans(&self) {
        let started = Instant::now();
        loop {
            let orphans = processes_titled(&format!("postgres: {}: ", self.name()));
            if orphans.is_empty() {
                return;
            }
            let late = started.elapsed() > PATIENCE;
            info!(home = %self.home, ?orphans, "ending what a killed server left behind");
            for pid in orphans {
                // One that has just ended by itself is no failure.
                let _gone = kill_process(pid, if late { Signal::KILL } else { Signal::QUIT });
            }
            if started.elapsed() > 2 * PATIENCE {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Where there is no `/proc` this finds nothing, and the start that follows waits for the orphans instead.
fn processes_titled(prefix: &str) -> Vec<Pid> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok())
        .filter(|pid| {
            std::fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|title| title.starts_with(prefix.as_bytes()))
        })
        .filter_map(Pid::from_raw)
        .collect()
}
