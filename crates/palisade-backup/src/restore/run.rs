//! Running `pg_restore` on what comes out of the store.

use std::process::Stdio;

use bytes::Bytes;
use palisade_embedded::Installation;
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};
use tokio::sync::mpsc;

use super::{Edit, Owners, RestoreOptions, feed};
use crate::credentials::{Credentials, database_argument};
use crate::fetch::FetchError;
use crate::program;
use crate::restore_error::RestoreError;
use crate::said::Said;

/// Pieces that wait for `pg_restore`.
const WAITING: usize = 4;

/// What happens when something cannot be restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strictness {
    /// Nothing is.
    AllOrNothing,
    /// The rest is: for a database that is looked at and thrown away.
    WhatCanBe,
}

/// Restores, and returns what `pg_restore` said.
pub(crate) async fn run(
    options: &RestoreOptions,
    installation: &Installation,
    edit: Edit,
    strictness: Strictness,
    mut tell: impl FnMut(u64) + Send,
) -> Result<Said, RestoreError> {
    let (mut command, credentials) = pg_restore(options, installation)?;
    if strictness == Strictness::AllOrNothing {
        command.args(["--single-transaction", "--exit-on-error"]);
    }
    if options.selection.data_only {
        command.args(["--data-only", "--disable-triggers"]);
    }
    command.args(options.selection.schemas.iter().map(|it| format!("--schema={it}")));
    command.args(options.selection.tables.iter().map(|it| format!("--table={it}")));
    let child = spawn(&mut command, installation)?;
    let (sink, pieces) = mpsc::channel(WAITING);
    let feeding = feed::feed(options, edit, sink, &mut tell);
    let said = drive(child, pieces, feeding, strictness).await;
    drop(credentials);
    said
}

/// `pg_restore` on the target, with nothing to read yet. The credentials have to last as long as it runs.
pub(super) fn pg_restore(
    options: &RestoreOptions,
    installation: &Installation,
) -> Result<(Command, Credentials), RestoreError> {
    let credentials =
        Credentials::new(options.target.settings()).map_err(|source| RestoreError::Credentials { source })?;
    let mut command = program::command(&options.embedded, &installation.program("pg_restore"), Some(&credentials));
    command.args(["--no-password", &database_argument(options.target.settings())]);
    command.stdin(Stdio::piped()).stdout(Stdio::null());
    if options.owners == Owners::Restorer {
        command.arg("--no-owner");
    }
    Ok((command, credentials))
}

pub(super) fn spawn(command: &mut Command, installation: &Installation) -> Result<Child, RestoreError> {
    command.spawn().map_err(|source| RestoreError::Start { program: installation.program("pg_restore"), source })
}

/// Runs `pg_restore` on an archive in one transaction.
pub(super) async fn pipe(
    options: &RestoreOptions,
    installation: &Installation,
    feeding: impl AsyncFnOnce(mpsc::Sender<Bytes>) -> Result<(), RestoreError>,
) -> Result<Said, RestoreError> {
    let (mut command, credentials) = pg_restore(options, installation)?;
    command.args(["--single-transaction", "--exit-on-error"]);
    let child = spawn(&mut command, installation)?;
    let (sink, pieces) = mpsc::channel(WAITING);
    let said = drive(child, pieces, feeding(sink), Strictness::AllOrNothing).await;
    drop(credentials);
    said
}

/// Writes what is fed into the program until either ends. A program whose input failed is killed before its input ends: it must not
/// take what it has for everything.
async fn drive(
    mut child: Child,
    mut pieces: mpsc::Receiver<Bytes>,
    feeding: impl Future<Output = Result<(), RestoreError>>,
    strictness: Strictness,
) -> Result<Said, RestoreError> {
    let (stdin, stderr) = (child.stdin.take(), child.stderr.take());
    let saying = tokio::spawn(program::read_end(stderr));
    let writing = tokio::spawn(async move {
        let mut stdin = stdin?;
        while let Some(bytes) = pieces.recv().await {
            // It has ended, and says why.
            if stdin.write_all(&bytes).await.is_err() {
                return None;
            }
        }
        Some(stdin)
    });
    let fed = feeding.await;
    if fed.is_err() {
        let _ = child.start_kill();
    }
    // Its input ends only now.
    drop(writing.await);
    let status = child.wait().await;
    let said = Said::new(&saying.await.unwrap_or_default());
    match (fed, status) {
        // Nobody took what was fed: what it said is why.
        (Err(RestoreError::Fetch(FetchError::GivenUp { .. })), _) if !said.is_silent() => {
            Err(RestoreError::Restore { status: "it ended early".to_owned(), said })
        }
        (Err(error), _) => Err(error),
        (Ok(()), Err(source)) => Err(RestoreError::Wait { source }),
        (Ok(()), Ok(status)) if !status.success() && strictness == Strictness::AllOrNothing => {
            Err(RestoreError::Restore { status: status.to_string(), said })
        }
        (Ok(()), Ok(_)) => Ok(said),
    }
}
