//! The programs of Postgres: which to take, how to run them, what they say.

use std::process::Stdio;

use bytes::BytesMut;
use camino::Utf8Path;
use palisade_embedded::{EmbeddedError, EmbeddedSettings, Installation, installation, installations};
use tokio::io::AsyncReadExt;
use tokio::process::{Child, ChildStderr, Command};
use tokio::sync::mpsc;

use crate::create_error::CreateError;
use crate::credentials::Credentials;
use crate::said::Said;
use crate::ship::Piece;

/// How much of a program's messages is kept, from their end.
const MESSAGES_KEPT: usize = 64 * 1024;

/// How much is read from a program at once.
const PIECE: usize = 256 * 1024;

/// The programs this crate runs.
const PROGRAMS: [&str; 3] = ["pg_dump", "pg_dumpall", "pg_restore"];

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

/// The oldest minor versions without [known weaknesses](https://www.postgresql.org/support/security/) of `pg_dump` and `pg_restore`.
const SAFE: [(u32, u32); 4] = [(18, 6), (17, 11), (16, 15), (15, 19)];

/// What should be known about the programs, if anything.
pub(crate) fn weakness(installation: &Installation) -> Option<String> {
    let version = &installation.version;
    let (major, minor) = SAFE.into_iter().find(|it| it.0 == version.major)?;
    (version.minor < minor).then(|| {
        format!(
            "the programs of Postgres {version} have weaknesses that are mended in {major}.{minor} (CVE-2025-8714, CVE-2025-8715 \
             and later ones): update them"
        )
    })
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

/// A program that the user names in the configuration. It has the user's environment, for it is the user's.
pub(crate) fn command_of_user(program: &str) -> Command {
    new_command(Utf8Path::new(program))
}

#[allow(clippy::disallowed_methods, reason = "the one place of this crate that starts programs; see `command`")]
fn new_command(program: &Utf8Path) -> Command {
    Command::new(program)
}

/// Sends everything that a program writes, and says what it said. Only a program that ended well is sent an end of.
pub(crate) async fn pour(
    name: &'static str,
    mut child: Child,
    pieces: mpsc::Sender<Piece>,
    mut progress: impl FnMut(u64),
) -> Result<Said, CreateError> {
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let copying = async {
        let Some(mut stdout) = stdout else { return Ok(()) };
        loop {
            let mut buffer = BytesMut::with_capacity(PIECE);
            // A pipe gives little at a time: what is handed on is worth it.
            while buffer.len() < PIECE / 2 {
                let length = stdout.read_buf(&mut buffer).await.map_err(|source| CreateError::Read { source })?;
                if length == 0 {
                    break;
                }
                progress(length as u64);
            }
            // Nobody takes it any more: whoever ships it says why.
            if buffer.is_empty() || pieces.send(Piece::Bytes(buffer.freeze())).await.is_err() {
                return Ok(());
            }
        }
    };
    let copied: Result<(), CreateError>;
    let said;
    (copied, said) = tokio::join!(copying, read_end(stderr));
    if copied.is_err() || pieces.is_closed() {
        let _ = child.start_kill();
    }
    let status = child.wait().await.map_err(|source| CreateError::Read { source })?;
    copied?;
    let said = Said::new(&said);
    if pieces.is_closed() {
        return Ok(said);
    }
    if !status.success() {
        return Err(CreateError::Dump { program: name, status: status.to_string(), said });
    }
    if let Some(warning) = said.unknown() {
        return Err(CreateError::Warned { program: name, warning: warning.to_owned() });
    }
    let _ = pieces.send(Piece::End).await;
    Ok(said)
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
