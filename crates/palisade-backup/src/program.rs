//! The programs of Postgres: which to take, how to run them, what they say.

use std::process::Stdio;

use camino::Utf8Path;
use palisade_embedded::{EmbeddedError, EmbeddedSettings, Installation, installation, installations};
use tokio::io::AsyncReadExt;
use tokio::process::{ChildStderr, Command};

use crate::credentials::Credentials;

/// How much of a program's messages is kept, from their end.
const MESSAGES_KEPT: usize = 64 * 1024;

/// The programs this crate runs.
const PROGRAMS: [&str; 3] = ["pg_dump", "pg_restore", "psql"];

/// The installation that fits a server best: of the same major version, for then the `pg_restore` of that version reads
/// what its `pg_dump` writes. It is found or fetched; where it cannot be fetched, the oldest newer one is taken. An older
/// one never is: `pg_dump` refuses servers that are newer than itself.
pub(crate) async fn fitting(settings: &EmbeddedSettings, server: u32) -> Result<Installation, EmbeddedError> {
    let mut found = installations(settings).await;
    found.retain(|it| it.version.major >= server && PROGRAMS.iter().all(|name| it.program(name).is_file()));
    // They come newest first.
    let same = found.iter().position(|it| it.version.major == server);
    if let Some(index) = same {
        return Ok(found.swap_remove(index));
    }
    let fetched = installation(&settings.clone().with_major(server)).await;
    match fetched {
        Ok(fetched) => Ok(fetched),
        Err(error) => found.into_iter().min_by_key(|it| it.version.major).ok_or(error),
    }
}

/// Begins the command line of a program. Nothing of our environment reaches it but what `settings` lets through.
pub(crate) fn command(settings: &EmbeddedSettings, program: &Utf8Path, credentials: Option<&Credentials>) -> Command {
    let mut command = new_command(program);
    command
        .env_clear()
        .envs(settings.child_variables.iter().map(|(name, value)| (name, value)))
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // Who stops waiting for a dump wants no dump.
        .kill_on_drop(true);
    for (name, value) in credentials.into_iter().flat_map(Credentials::variables) {
        command.env(name, value);
    }
    command
}

#[allow(clippy::disallowed_methods, reason = "the one place of this crate that starts programs; see `command`")]
fn new_command(program: &Utf8Path) -> Command {
    Command::new(program)
}

/// Reads everything that a program says, so that it never waits for us, and keeps the end.
pub(crate) async fn read_end(stream: Option<ChildStderr>) -> String {
    let Some(mut stream) = stream else { return String::new() };
    let mut kept = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(length @ 1..) = stream.read(&mut buffer).await {
        kept.extend_from_slice(&buffer[..length]);
        if kept.len() > 2 * MESSAGES_KEPT {
            kept.drain(..kept.len() - MESSAGES_KEPT);
        }
    }
    String::from_utf8_lossy(&kept).into_owned()
}
