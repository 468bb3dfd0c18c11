//! What comes before the first write.

use palisade_archive::Toc;
use palisade_db::{Connection, DbError, Row, ServerVersion, batch, connect};

use super::roles::{self, TargetRoles};
use super::room::{self, Room};
use super::supabase::{self, SupabaseTarget};
use super::target::Purpose;
use super::{Notes, Overwrite, RestoreOptions, head};
use crate::fetch::FetchError;
use crate::manifest::Manifest;
use crate::restore_error::RestoreError;

/// A restore that could begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Possible {
    /// The version of the target's server.
    pub server: ServerVersion,
    /// A few objects of the target that the restore would drop.
    pub objects: Vec<String>,
    /// Whether the target is a Supabase database whose own schemas stay as they are.
    pub supabase: bool,
    /// How much room there is for it; `None` if only a part is restored.
    pub room: Option<Room>,
}

/// What was found out.
pub(super) struct Looked {
    pub(super) possible: Possible,
    pub(super) roles: TargetRoles,
    pub(super) supabase: Option<SupabaseTarget>,
}

/// Does all of [`restore`](crate::restore()) that comes before the first write: asks the target what it is and what is in it, and
/// whether it has the roles that the backup wants and room for it, and whether the backup can be read with these keys.
///
/// # Errors
///
/// [`RestoreError`], as [`restore`](crate::restore()) would end.
pub async fn look(options: &RestoreOptions) -> Result<Possible, RestoreError> {
    Ok(look_closely(options, Purpose::Look).await?.possible)
}

pub(super) async fn look_closely(options: &RestoreOptions, purpose: Purpose) -> Result<Looked, RestoreError> {
    let manifest = &options.manifest;
    if options.jobs > 1 && !options.selection.is_everything() {
        return Err(RestoreError::WholeOnly { what: "a restore with several jobs" });
    }
    if options.overwrite == Overwrite::Confirmed && !options.selection.is_everything() {
        return Err(RestoreError::WholeOnly { what: "a restore that drops what is there" });
    }
    check_keys(options)?;
    let settings = options.target.settings();
    let mut connection = connect(settings).await?;
    options.target.check(manifest, &options.step(options.place()), connection.facts(), purpose)?;
    let supabase = supabase::ask(&mut connection).await?;
    let objects = objects(&mut connection, supabase.is_some()).await?;
    let missing = missing_extensions(&mut connection, manifest).await?;
    let roles = roles::ask(&mut connection).await?;
    let room = room::check(&mut connection, options).await?;
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
    check_roles(options, &roles, supabase.as_ref()).await?;
    let possible = Possible { server, objects, supabase: supabase.is_some(), room };
    Ok(Looked { possible, roles, supabase })
}

fn check_keys(options: &RestoreOptions) -> Result<(), FetchError> {
    match (&options.manifest.encryption, &options.identities) {
        (None, _) => Ok(()),
        (Some(_), None) => Err(FetchError::NoKey),
        (Some(encryption), Some(it)) if it.fit(&encryption.recipients) => Ok(()),
        (Some(_), Some(_)) => Err(FetchError::WrongKey),
    }
}

/// All that are missing at once, before anything is done.
async fn check_roles(
    options: &RestoreOptions,
    roles: &TargetRoles,
    supabase: Option<&SupabaseTarget>,
) -> Result<(), RestoreError> {
    let mut contents: Vec<Toc> = head::contents(options).await?;
    let names = options.selection.missing(&contents);
    if !names.is_empty() {
        return Err(RestoreError::NotInBackup { names });
    }
    if let Some(supabase) = supabase {
        for toc in &mut contents {
            supabase.fit(toc, options.overwrite == Overwrite::Confirmed, &Notes::default());
        }
    }
    let missing = roles::missing(&contents, roles, options);
    if missing.is_empty() { Ok(()) } else { Err(RestoreError::RolesMissing { roles: missing }) }
}

/// The first few objects that are not Postgres's own, belong to no extension, and not to Supabase.
async fn objects(connection: &mut Connection, without_external: bool) -> Result<Vec<String>, DbError> {
    let ignored = if without_external { supabase::external_array() } else { supabase::no_array() };
    let sql = include_str!("objects.sql").replace("$ignored", &ignored);
    let rows = batch(connection, &sql).await.map_err(|it| it.error)?.rows;
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
