//! From `pg_restore` to `psql`, through us.
//!
//! `pg_restore` alone cannot replace the content of a database: with `--clean` it stops at the keys of partitions,
//! which it cannot drop one by one. So it writes SQL, and `psql` runs that SQL in a transaction that we begin, with the
//! emptying of the database at its start, and that we commit only once `pg_restore` has ended well.

use std::process::ExitStatus;

use camino::Utf8PathBuf;
use palisade_db::ServerVersion;
use palisade_embedded::Installation;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{ChildStdin, ChildStdout};

use crate::credentials::{Credentials, database_argument};
use crate::program;
use crate::restore::{Overwrite, Owners, RestoreOptions};
use crate::restore_error::RestoreError;
use crate::said::Said;

/// How much is carried at once.
const CHUNK: usize = 256 * 1024;
/// The settings at the beginning of the SQL end well before.
const HEAD: usize = 4096;
/// `pg_restore` 17 and newer write it; servers before 17 do not know it.
const TRANSACTION_TIMEOUT: &[u8] = b"SET transaction_timeout = 0;\n";
/// The first server that does.
const KNOWS_TRANSACTION_TIMEOUT: u32 = 17;

/// Restores in one transaction. `progress` gets the bytes of SQL that were carried.
pub(super) async fn run(
    options: &RestoreOptions,
    installation: &Installation,
    server: ServerVersion,
    mut progress: impl FnMut(u64) + Send,
) -> Result<Said, RestoreError> {
    let settings = options.target.settings();
    let credentials = Credentials::new(settings).map_err(|source| RestoreError::Credentials { source })?;
    let start = |program: &Utf8PathBuf| {
        let program = program.clone();
        move |source| RestoreError::Start { program, source }
    };

    let pg_restore = installation.program("pg_restore");
    let mut command = program::command(&options.embedded, &pg_restore, None);
    command.arg("--file=-");
    if options.owners == Owners::Restorer {
        command.arg("--no-owner");
    }
    let mut writer = command.arg(&options.backup.dump).spawn().map_err(start(&pg_restore))?;

    let psql = installation.program("psql");
    let mut command = program::command(&options.embedded, &psql, Some(&credentials));
    command
        .args(["--no-psqlrc", "--quiet", "--no-password", "--set=ON_ERROR_STOP=1", "--file=-"])
        .arg(database_argument(settings))
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null());
    let mut reader = command.spawn().map_err(start(&psql))?;

    let (sql, sink) = (writer.stdout.take(), reader.stdin.take());
    let (writer_said, reader_said) = (writer.stderr.take(), reader.stderr.take());
    let carrying = async {
        let (Some(sql), Some(mut sink)) = (sql, sink) else { return Ok(None) };
        carry(options, server, sql, &mut sink, &mut progress).await?;
        let status = writer.wait().await?;
        if status.success() {
            sink.write_all(b"commit;\n").await?;
            sink.shutdown().await?;
        } else {
            // Without its end, the transaction is undone when the session is.
            reader.start_kill()?;
        }
        Ok::<_, std::io::Error>(Some(status))
    };
    let (carried, writer_said, reader_said) =
        tokio::join!(carrying, program::read_end(writer_said), program::read_end(reader_said));
    let failed =
        |status: ExitStatus, said: &str| RestoreError::Restore { status: status.to_string(), said: Said::new(said) };
    let status = reader.wait().await.map_err(start(&psql))?;
    match carried {
        // `psql` said why it stopped; the broken pipe is only what follows from it.
        Err(_) | Ok(None) => Err(failed(status, &reader_said)),
        Ok(Some(writer_status)) if !writer_status.success() => Err(failed(writer_status, &writer_said)),
        Ok(Some(_)) if !status.success() => Err(failed(status, &reader_said)),
        Ok(Some(_)) => Ok(Said::new(&format!("{writer_said}\n{reader_said}"))),
    }
}

/// Carries everything from the beginning of the transaction to the end of the SQL.
async fn carry(
    options: &RestoreOptions,
    server: ServerVersion,
    mut sql: ChildStdout,
    sink: &mut ChildStdin,
    progress: &mut (impl FnMut(u64) + Send),
) -> std::io::Result<()> {
    let lock_timeout = options.target.settings().lock_timeout.as_millis();
    sink.write_all(format!("begin;\nset local lock_timeout = {lock_timeout};\n").as_bytes()).await?;
    if options.overwrite == Overwrite::Confirmed {
        sink.write_all(include_bytes!("empty.sql")).await?;
    }
    let mut head = vec![0; HEAD];
    let mut length = 0;
    while length < HEAD {
        match sql.read(&mut head[length..]).await? {
            0 => break,
            more => length += more,
        }
    }
    head.truncate(length);
    if server.major() < KNOWS_TRANSACTION_TIMEOUT
        && let Some(at) = head.windows(TRANSACTION_TIMEOUT.len()).position(|it| it == TRANSACTION_TIMEOUT)
    {
        head.drain(at..at + TRANSACTION_TIMEOUT.len());
    }
    sink.write_all(&head).await?;
    let mut bytes = head.len() as u64;
    progress(bytes);
    let mut buffer = vec![0; CHUNK];
    loop {
        match sql.read(&mut buffer).await? {
            0 => return sink.flush().await,
            length => {
                sink.write_all(&buffer[..length]).await?;
                bytes += length as u64;
                progress(bytes);
            }
        }
    }
}
