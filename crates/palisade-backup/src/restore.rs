//! Putting a backup into a database.

mod edit;
mod feed;
mod merge;
mod outlet;
mod run;
mod target;

use std::time::{Duration, Instant};

use palisade_db::{Connection, DbError, Row, ServerVersion, batch, connect};
use palisade_embedded::EmbeddedSettings;
use palisade_store::Store;

pub use target::{RestoreTarget, TargetError};

pub(crate) use edit::Edit;
pub(crate) use run::{Strictness, run};

use crate::keys::Identities;
use crate::manifest::Manifest;
use crate::program;
use crate::restore_error::RestoreError;

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

/// What of a backup is restored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Only what is in these schemas; none: everything.
    pub schemas: Vec<String>,
    /// Only these tables and their rows, as `pg_restore --table` selects them; none: everything.
    pub tables: Vec<String>,
    /// Only rows: their tables are there.
    pub data_only: bool,
}

impl Selection {
    /// Whether it is everything.
    pub fn is_everything(&self) -> bool {
        *self == Self::default()
    }
}

/// What to restore, and where.
#[derive(Debug, Clone)]
pub struct RestoreOptions {
    /// Where the backup lies.
    pub store: Store,
    /// Which.
    pub manifest: Manifest,
    /// What decrypts it, if it is encrypted.
    pub identities: Option<Identities>,
    /// The database.
    pub target: RestoreTarget,
    /// What may happen to what is there.
    pub overwrite: Overwrite,
    /// Whom the objects belong to.
    pub owners: Owners,
    /// What of it.
    pub selection: Selection,
    /// Where `pg_restore` is found.
    pub embedded: EmbeddedSettings,
}

/// How far a restore has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RestoreProgress {
    /// Bytes of the store that were read.
    pub bytes: u64,
    /// Of how many.
    pub of_bytes: u64,
    /// Since the beginning.
    pub elapsed: Duration,
}

/// What a restore did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// What `pg_restore` and the server warned of.
    pub warnings: Vec<String>,
    /// How long it took.
    pub elapsed: Duration,
}

/// Restores a backup in one transaction: the target is what the backup was, or what it was before.
///
/// Everything is compared with the manifest while it passes, and the end is held back until all of it has been: `pg_restore` does not
/// come to its COMMIT before.
///
/// The database itself is neither dropped nor renamed: its own rights and settings stay, and who is connected may stay
/// too. Roles are not restored; those that own things or hold rights in it must be there.
///
/// # Errors
///
/// [`RestoreError`]; then the target is unchanged, unless the connection was lost while it was committing.
pub async fn restore(
    options: &RestoreOptions,
    mut progress: impl FnMut(RestoreProgress) + Send,
) -> Result<Restored, RestoreError> {
    let started = Instant::now();
    let Possible { server, objects: _ } = look(options).await?;
    let settings = options.target.settings();
    let edit = Edit {
        clear: options.overwrite == Overwrite::Confirmed,
        lock_timeout: settings.lock_timeout,
        without_extensions: Vec::new(),
    };
    let mut done = RestoreProgress { bytes: 0, of_bytes: options.manifest.bytes(), elapsed: Duration::ZERO };
    let tell = |bytes| {
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
    let said = run(options, &installation, edit, Strictness::AllOrNothing, tell).await?;
    warnings.extend(said.warnings());
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

/// A restore that could begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Possible {
    /// The version of the target's server.
    pub server: ServerVersion,
    /// A few objects of the target that the restore would drop.
    pub objects: Vec<String>,
}

/// Does all of [`restore`] that comes before the first write: asks the target what it is and what is in it, and whether the backup
/// can be read with these keys.
///
/// # Errors
///
/// [`RestoreError`], as [`restore`] would end.
pub async fn look(options: &RestoreOptions) -> Result<Possible, RestoreError> {
    let manifest = &options.manifest;
    if let Some(encryption) = &manifest.encryption {
        match &options.identities {
            None => return Err(crate::fetch::FetchError::NoKey.into()),
            Some(it) if !it.fit(&encryption.recipients) => return Err(crate::fetch::FetchError::WrongKey.into()),
            Some(_) => {}
        }
    }
    let settings = options.target.settings();
    let mut connection = connect(settings).await?;
    options.target.check(manifest, connection.facts())?;
    let objects = objects(&mut connection).await?;
    let missing = missing_extensions(&mut connection, manifest).await?;
    let server = connection.server_version();
    connection.close().await;
    let fills = !options.selection.data_only;
    if fills && options.overwrite == Overwrite::Refuse && options.selection.is_everything() && !objects.is_empty() {
        return Err(RestoreError::NotEmpty { database: settings.url.database.clone(), objects });
    }
    if manifest.server_major().is_some_and(|it| it > server.major()) {
        let backup = manifest.server_version.clone();
        return Err(RestoreError::OlderServer { backup, server: server.major() });
    }
    if fills && !missing.is_empty() {
        return Err(RestoreError::ExtensionMissing { extensions: missing });
    }
    Ok(Possible { server, objects })
}

/// The first few objects that are not Postgres's own and belong to no extension.
async fn objects(connection: &mut Connection) -> Result<Vec<String>, DbError> {
    let rows = batch(connection, include_str!("restore/objects.sql")).await.map_err(|it| it.error)?.rows;
    rows.iter().map(|row| row.try_get("object").map_err(DbError::from)).collect()
}

/// Extensions of a backup that a server cannot create.
pub(crate) async fn missing_extensions(
    connection: &mut Connection,
    manifest: &Manifest,
) -> Result<Vec<String>, DbError> {
    let rows = batch(connection, "select name::text from pg_catalog.pg_available_extensions")
        .await
        .map_err(|it| it.error)?
        .rows;
    let available: Vec<String> = rows.iter().map(|it| it.try_get(0)).collect::<Result<_, _>>()?;
    let names = manifest.extensions.iter().map(|it| it.name.clone());
    Ok(names.filter(|it| !available.contains(it)).collect())
}
