//! Putting a backup into a database.

mod edit;
mod feed;
mod grants;
mod head;
mod look;
mod merge;
mod notes;
mod options;
mod outlet;
mod roles;
mod room;
mod run;
mod staged;
mod supabase;
mod swap;
mod target;

use std::time::{Duration, Instant};

use palisade_db::{batch, connect};

pub use look::{Possible, look};
pub use options::{Overwrite, Owners, RestoreOptions, RestoreProgress, Restored, Selection};
pub use room::{FreeSpace, Room};
pub use staged::Stage;
pub use swap::{Swapped, look_swapped, restore_swapped, restore_swapped_if};
pub use target::{RestoreTarget, TargetError};

pub(crate) use edit::Edit;
pub(crate) use look::missing_extensions;
pub(crate) use notes::Notes;
pub(crate) use run::{Strictness, run};

use crate::program;
use crate::restore_error::RestoreError;
use look::{Looked, look_closely};
use target::Purpose;

/// Restores a backup: in one transaction, the target is what the backup was, or what it was before; with more than one
/// [job](RestoreOptions::jobs) faster, and not so.
///
/// In one transaction, everything is compared with the manifest while it passes, and the end is held back until all of it has been:
/// `pg_restore` does not come to its COMMIT before.
///
/// With several jobs there are stages, and only the first is one transaction: the schema; rows on as many connections, each table
/// stored only if it is what the manifest says; large objects; indexes, constraints, triggers, policies and rights. Where rows of
/// several parts are one table, they are compared before the last stage begins. What fails in a later stage than the first leaves an
/// incomplete target behind, which nobody has been given rights to yet.
///
/// The database itself is neither dropped nor renamed: its own rights and settings stay, and who is connected may stay
/// too. Roles are not restored; those that own things or hold rights in it must be there, but with [`Owners::Fitting`].
///
/// Of a Supabase database, the schemas that Supabase keeps itself stay as they are, unless we own them or are a superuser: but for
/// the rows in `auth` and `storage`, and policies and triggers that users have put on tables of these.
///
/// # Errors
///
/// [`RestoreError`]; then the target is unchanged, unless the error is [`RestoreError::Incomplete`] or the connection was lost while
/// it was committing.
pub async fn restore(
    options: &RestoreOptions,
    progress: impl FnMut(RestoreProgress) + Send,
) -> Result<Restored, RestoreError> {
    restore_then(options, progress, async || ()).await
}

/// As [`restore()`]; `restored` is called as soon as everything is in the target. Statistics are gathered behind that, which can take long.
///
/// # Errors
///
/// As [`restore()`].
pub async fn restore_then(
    options: &RestoreOptions,
    mut progress: impl FnMut(RestoreProgress) + Send,
    restored: impl AsyncFnOnce(),
) -> Result<Restored, RestoreError> {
    let started = Instant::now();
    let Looked { possible: Possible { server, .. }, roles, supabase } = look_closely(options, Purpose::Write).await?;
    let settings = options.target.settings();
    let edit = Edit {
        clear: options.overwrite == Overwrite::Confirmed,
        only: options.target.only().cloned(),
        roles: (options.owners == Owners::Fitting).then_some(roles),
        own_rights_only: options.selection.is_everything(),
        is_part: !options.selection.is_everything(),
        supabase,
        ..Edit::none(settings.lock_timeout)
    };
    let mut done = RestoreProgress { bytes: 0, of_bytes: options.manifest.bytes(), elapsed: Duration::ZERO };
    let mut tell = |bytes| {
        done.bytes += bytes;
        done.elapsed = started.elapsed();
        progress(done);
    };
    let installation = program::fitting(&options.embedded, server.major()).await?;
    let programs = installation.version.major;
    // From 17 on, `pg_restore` begins with a setting that servers before 17 do not know.
    if options.manifest.client_major().is_some_and(|it| it > programs) || (programs >= 17 && server.major() < 17) {
        return Err(RestoreError::Programs { programs, server: server.major() });
    }
    let mut warnings: Vec<String> = program::weakness(&installation).into_iter().collect();
    let notes = edit.notes.clone();
    if options.jobs > 1 {
        warnings.extend(Box::pin(staged::restore(options, &installation, &edit, &mut tell)).await?);
    } else {
        let said = Box::pin(run(options, &installation, edit, Strictness::AllOrNothing, tell)).await?;
        warnings.extend(said.warnings());
    }
    warnings.extend(notes.lines());
    restored().await;
    if let Err(error) = analyze(settings).await {
        warnings.push(format!("statistics were not gathered: {error}"));
    }
    Ok(Restored { warnings, elapsed: started.elapsed() })
}

/// Plans of queries are bad until the server knows how much there is of what.
async fn analyze(settings: &palisade_db::ConnectSettings) -> Result<(), RestoreError> {
    let mut connection = connect(settings).await?;
    batch(&mut connection, "analyze").await.map_err(|it| it.error)?;
    connection.close().await;
    Ok(())
}
