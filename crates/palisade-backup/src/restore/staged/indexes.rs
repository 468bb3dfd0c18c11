//! What comes behind rows, by `pg_restore` with several jobs of its own.

use std::io::{self, Write as _};
use std::process::Stdio;

use palisade_archive::Toc;
use palisade_embedded::Installation;
use rustix::process::{Pid, Signal, kill_process_group};
use tempfile::NamedTempFile;

use crate::program;
use crate::restore::RestoreOptions;
use crate::restore::run::{pg_restore, spawn};
use crate::restore_error::RestoreError;
use crate::said::Said;

/// Memory that looks like a directory, on Linux.
const MEMORY: &str = "/dev/shm";

pub(super) async fn make(
    options: &RestoreOptions,
    installation: &Installation,
    contents: &Toc,
) -> Result<Said, RestoreError> {
    let file = archive(contents).map_err(|source| RestoreError::Contents { source })?;
    let (mut command, credentials) = pg_restore(options, installation)?;
    command.args([&format!("--jobs={}", options.jobs), "--exit-on-error", "--section=post-data"]).arg(file.path());
    // It has children of its own, which it ends and whose statements it cancels when it is asked to end, not when it is killed.
    command.stdin(Stdio::null()).process_group(0).kill_on_drop(false);
    let mut child = spawn(&mut command, installation)?;
    let group = Group { leader: child.id() };
    let (said, status) = tokio::join!(program::read_end(child.stderr.take()), child.wait());
    let status = status.map_err(|source| RestoreError::Wait { source })?;
    group.has_ended();
    drop((file, credentials));
    let said = Said::new(&said);
    if status.success() { Ok(said) } else { Err(RestoreError::Restore { status: status.to_string(), said }) }
}

/// A file that only we can read, and that is gone when this is dropped. It holds a table of contents, which is the text of a schema and no
/// rows; where there is a directory in memory, not even that comes to a disk unencrypted.
fn archive(contents: &Toc) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("palisade-schema-");
    let mut file = builder.tempfile_in(MEMORY).or_else(|_| builder.tempfile())?;
    file.write_all(&contents.write())?;
    file.flush()?;
    Ok(file)
}

/// A program and its children: asked to end if nobody waits for them any more.
struct Group {
    leader: Option<u32>,
}

impl Group {
    fn has_ended(mut self) {
        self.leader = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let leader = self.leader.and_then(|it| i32::try_from(it).ok()).and_then(Pid::from_raw);
        if let Some(leader) = leader {
            // That it is gone already is just as well.
            let _ = kill_process_group(leader, Signal::TERM);
        }
    }
}
