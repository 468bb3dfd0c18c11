//! Putting a backup into a database.

mod pipe;
mod target;

use std::fs::File;
use std::io::Read;
use std::time::{Duration, Instant};

use palisade_db::{Connection, DbError, Row, ServerVersion, batch, connect};
use palisade_embedded::{EmbeddedSettings, Installation};
use sha2::{Digest, Sha256};

pub use target::{RestoreTarget, TargetError};

use crate::manifest::Manifest;
use crate::program;
use crate::restore_error::{RestoreError, VerifyError};
use crate::store::Entry;

/// What may happen to what is in the target already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overwrite {
    /// The target has to be empty.
    Refuse,
    /// Somebody confirmed that everything in it is dropped first, in the same transaction: schemas, extensions,
    /// publications, event triggers, large objects.
    Confirmed,
}

/// Whom the restored objects belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owners {
    /// Whom they belonged to; needs a superuser, or membership in all of these roles.
    AsBackedUp,
    /// The role that restores.
    Restorer,
}

/// What to restore, and where.
#[derive(Debug, Clone)]
pub struct RestoreOptions {
    /// The backup, from [`find`](crate::find) or [`list`](crate::list).
    pub backup: Entry,
    /// The database.
    pub target: RestoreTarget,
    /// What may happen to what is there.
    pub overwrite: Overwrite,
    /// Whom the objects belong to.
    pub owners: Owners,
    /// Where `pg_restore` is found.
    pub embedded: EmbeddedSettings,
}

/// How far a restore has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RestoreProgress {
    /// The dump is compared with its manifest.
    Verifying {
        /// Bytes read.
        bytes: u64,
        /// Bytes in all.
        of: u64,
    },
    /// The database is being filled.
    Restoring {
        /// Bytes of SQL so far; their sum is not known before the end.
        bytes: u64,
        /// Since the beginning.
        elapsed: Duration,
    },
}

/// What a restore did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// The manifest of the backup.
    pub manifest: Manifest,
    /// What `pg_restore` and the server warned of.
    pub warnings: Vec<String>,
    /// How long it took.
    pub elapsed: Duration,
}

/// Compares the dump with its manifest, and restores it in one transaction: the target is what the backup was, or what
/// it was before.
///
/// The database itself is neither dropped nor renamed: its own rights and settings stay, and who is connected may stay
/// too. Roles are not part of a backup; those that own things or hold rights in it must be there.
///
/// # Errors
///
/// [`RestoreError`]; then the target is unchanged, unless the connection was lost while it was committing.
pub async fn restore(
    options: &RestoreOptions,
    mut progress: impl FnMut(RestoreProgress) + Send,
) -> Result<Restored, RestoreError> {
    let started = Instant::now();
    let Possible { manifest, server, objects: _ } = look(options, &mut progress).await?;
    let installation = restoring(&options.embedded, &manifest, server).await?;
    let said = pipe::run(options, &installation, server, |bytes| {
        progress(RestoreProgress::Restoring { bytes, elapsed: started.elapsed() });
    })
    .await?;
    Ok(Restored { manifest, warnings: said.warnings(), elapsed: started.elapsed() })
}

/// A restore that could begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Possible {
    /// The manifest of the backup.
    pub manifest: Manifest,
    /// The version of the target's server.
    pub server: ServerVersion,
    /// A few objects of the target that the restore would drop.
    pub objects: Vec<String>,
}

/// Does all of [`restore`] that comes before the first write: compares the backup with its manifest, and asks the target what it
/// is and what is in it.
///
/// # Errors
///
/// [`RestoreError`], as [`restore`] would end.
pub async fn look(
    options: &RestoreOptions,
    mut progress: impl FnMut(RestoreProgress) + Send,
) -> Result<Possible, RestoreError> {
    let manifest = verify(&options.backup, |bytes, of| progress(RestoreProgress::Verifying { bytes, of }))?;
    let settings = options.target.settings();
    let mut connection = connect(settings).await?;
    options.target.check(&manifest, connection.facts())?;
    let objects = objects(&mut connection).await?;
    let server = connection.server_version();
    connection.close().await;
    if options.overwrite == Overwrite::Refuse && !objects.is_empty() {
        return Err(RestoreError::NotEmpty { database: settings.url.database.clone(), objects });
    }
    if manifest.server_major().is_some_and(|it| it > server.major()) {
        let backup = manifest.server_version;
        return Err(RestoreError::OlderServer { backup, server: server.major() });
    }
    Ok(Possible { manifest, server, objects })
}

/// Compares every byte of a dump with its manifest. `progress` gets the bytes read and those in all.
///
/// # Errors
///
/// [`VerifyError`] if the backup is not complete or its dump was changed.
pub fn verify(backup: &Entry, mut progress: impl FnMut(u64, u64)) -> Result<Manifest, VerifyError> {
    let Some(manifest) = backup.manifest() else {
        return Err(VerifyError::NotComplete { name: backup.name.clone(), state: backup.state.clone() });
    };
    let read_error = |source| VerifyError::Read { path: backup.dump.clone(), source };
    let mut file = File::open(&backup.dump).map_err(read_error)?;
    let (mut hash, mut bytes, mut buffer) = (Sha256::new(), 0, vec![0; 1024 * 1024]);
    loop {
        let length = file.read(&mut buffer).map_err(read_error)?;
        if length == 0 {
            break;
        }
        hash.update(&buffer[..length]);
        bytes += length as u64;
        progress(bytes, manifest.bytes);
    }
    let found = hex::encode(hash.finalize());
    if found != manifest.sha256 {
        return Err(VerifyError::Changed { path: backup.dump.clone(), expected: manifest.sha256.clone(), found });
    }
    Ok(manifest.clone())
}

/// The first few objects that are not Postgres's own and belong to no extension.
async fn objects(connection: &mut Connection) -> Result<Vec<String>, DbError> {
    let rows = batch(connection, include_str!("restore/objects.sql")).await.map_err(|it| it.error)?.rows;
    rows.iter().map(|row| row.try_get("object").map_err(DbError::from)).collect()
}

/// The installation whose `pg_restore` reads the dump: not older than the `pg_dump` that wrote it, for the format may
/// change with each major version.
async fn restoring(
    settings: &EmbeddedSettings,
    manifest: &Manifest,
    server: ServerVersion,
) -> Result<Installation, RestoreError> {
    let server = server.major();
    Ok(program::fitting(settings, server.max(manifest.client_major().unwrap_or(server))).await?)
}
