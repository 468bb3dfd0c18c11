//! What a target holds beside what its migrations make.

use std::collections::BTreeSet;

use palisade_catalog::{Catalog, Difference, ObjectKey, difference};
use palisade_db::{Connection, DbError, introspect};
use palisade_embedded::{EmbeddedError, EmbeddedSettings, Layer, Scratch};
use palisade_migrator::{History, Version, halfway, load};

use crate::inputs::Inputs;

/// Why a target could not be compared with its migrations.
#[derive(Debug, thiserror::Error)]
pub enum DriftCheckError {
    /// The target could not be asked.
    #[error("the catalog of the target could not be read: {0}")]
    Target(DbError),
    /// There is no scratch database with the applied migrations.
    #[error("the applied migrations could not be replayed on a scratch database: {source}")]
    Replay {
        /// Why not.
        source: Box<EmbeddedError>,
    },
    /// The scratch database could not be asked.
    #[error("the catalog of the scratch database could not be read: {0}")]
    Scratch(DbError),
}

impl DriftCheckError {
    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::Target(error) | Self::Scratch(error) => {
                error.help().unwrap_or_else(|| "run `cargo xtask doctor` for the same environment".to_owned())
            }
            Self::Replay { source } => source.help(),
        }
    }
}

/// Compares the target with a scratch database on which the applied migrations, and only those, were replayed. What `rls/`
/// declares is left out: it is compared, and put right, by its own step.
///
/// The scratch server has the target's major version where that can be had, since servers of different versions write the
/// same definition differently.
///
/// # Errors
///
/// [`DriftCheckError`]; never an empty list instead.
pub async fn drift(
    connection: &mut Connection,
    inputs: &Inputs<'_>,
    embedded: &EmbeddedSettings,
) -> Result<Vec<Difference>, DriftCheckError> {
    let schemas = &inputs.environment.schemas;
    let history = load(connection, inputs.tables).await.map_err(DriftCheckError::Target)?;
    let found = introspect::catalog(connection, schemas).await.map_err(DriftCheckError::Target)?;
    let applied: BTreeSet<Version> = history.applied.iter().map(|it| it.version).collect();

    let mut layers = vec![Layer::supabase(inputs.environment.supabase.grants)];
    layers.extend(inputs.migrations.iter().filter(|it| applied.contains(&it.version)).map(|it| Layer {
        name: it.up.file.clone(),
        sql: it.up.sql.clone(),
        transactional: it.up.is_transactional(),
    }));
    let scratch = open(embedded, connection.server_version().major()).await.map_err(replay)?;
    let migrated = read(&scratch, &layers, schemas).await?;
    let mut interrupted = Vec::new();
    for layer in half_done(inputs, &history) {
        let layers: Vec<Layer> = layers.iter().cloned().chain([layer]).collect();
        // The statement that failed on the target may fail here as well.
        interrupted.extend(read(&scratch, &layers, schemas).await.ok());
    }
    layers.extend(inputs.policies.files().iter().map(|it| Layer::new(it.path.as_str(), it.sql.as_str())));
    // Policies of today may speak of tables of tomorrow, which are not there yet: then only their kinds are left out.
    let secured = read(&scratch, &layers, schemas).await.unwrap_or_else(|_| migrated.clone());
    Ok(unexplained(&found, &migrated, &secured, &interrupted))
}

/// What the pending file that a run left half done may have made: the next run goes on with it, so it is no drift.
fn half_done(inputs: &Inputs<'_>, history: &History) -> Vec<Layer> {
    let pending = inputs.migrations.iter().filter_map(|it| Some((it, history.attempt(it.version)?)));
    let layer = |file: &str, sql: String| Layer { name: file.to_owned(), sql, transactional: false };
    pending.flat_map(|(it, attempt)| halfway(it, attempt).into_iter().map(|sql| layer(&it.up.file, sql))).collect()
}

/// Differences between the target and its migrations, without objects that `rls/` declares and those that an interrupted file
/// explains.
fn unexplained(found: &Catalog, migrated: &Catalog, secured: &Catalog, interrupted: &[Catalog]) -> Vec<Difference> {
    let of_row_security: BTreeSet<ObjectKey> = difference(migrated, secured).into_iter().map(object).collect();
    let differences = difference(migrated, found).into_iter();
    differences
        .filter(|it| {
            let key = object(it.clone());
            let explained = interrupted.iter().any(|it| definition(it, &key) == definition(found, &key));
            !key.kind.belongs_to_row_security() && !of_row_security.contains(&key) && !explained
        })
        .collect()
}

/// An index that an interrupted statement left invalid is the one that it was to make.
fn definition<'a>(catalog: &'a Catalog, key: &ObjectKey) -> Option<&'a str> {
    catalog.objects.get(key).map(|it| it.strip_suffix(" (invalid)").unwrap_or(it))
}

fn object(difference: Difference) -> ObjectKey {
    match difference {
        Difference::Added { object } | Difference::Removed { object } | Difference::Changed { object, .. } => object,
    }
}

async fn open(embedded: &EmbeddedSettings, major: u32) -> Result<Scratch, EmbeddedError> {
    match Scratch::open(&embedded.clone().with_major(major)).await {
        Ok(scratch) => Ok(scratch),
        Err(EmbeddedError::Installation(error)) => {
            tracing::info!(major, %error, "no scratch server of the target's version, another one will do");
            Scratch::open(embedded).await
        }
        Err(other) => Err(other),
    }
}

async fn read(scratch: &Scratch, layers: &[Layer], schemas: &[String]) -> Result<Catalog, DriftCheckError> {
    let database = scratch.database(layers).await.map_err(replay)?;
    let mut connection = database.connect().await.map_err(replay)?;
    let catalog = introspect::catalog(&mut connection, schemas).await.map_err(DriftCheckError::Scratch)?;
    connection.close().await;
    database.close().await.map_err(replay)?;
    Ok(catalog)
}

fn replay(source: EmbeddedError) -> DriftCheckError {
    DriftCheckError::Replay { source: Box::new(source) }
}

#[cfg(test)]
mod tests {
    use super::unexplained;
    use palisade_catalog::{Catalog, ObjectKey, ObjectKind};

    fn catalog(objects: &[(ObjectKind, &str, &str)]) -> Catalog {
        let entry = |(kind, name, definition): &(ObjectKind, &str, &str)| {
            (ObjectKey { kind: *kind, name: (*name).to_owned() }, (*definition).to_owned())
        };
        Catalog { objects: objects.iter().map(entry).collect() }
    }

    #[test]
    fn what_row_security_declares_is_no_drift() {
        let migrated = catalog(&[(ObjectKind::Table, "public.t", "a")]);
        let helper = (ObjectKind::Function, "private.helper()", "today");
        let secured = catalog(&[(ObjectKind::Table, "public.t", "a"), helper]);
        let before = (ObjectKind::Function, "private.helper()", "last month");
        let policy = (ObjectKind::Policy, "public.t.p", "using (true)");
        let by_hand = (ObjectKind::Column, "public.t.hack", "integer");
        let found = catalog(&[(ObjectKind::Table, "public.t", "a"), before, policy, by_hand]);
        let drift: Vec<String> =
            unexplained(&found, &migrated, &secured, &[]).iter().map(ToString::to_string).collect();
        assert_eq!(drift, ["+ column public.t.hack"]);
    }

    #[test]
    fn what_an_interrupted_file_made_is_no_drift() {
        let migrated = catalog(&[(ObjectKind::Table, "public.t", "a")]);
        let index = |definition| (ObjectKind::Index, "public.i", definition);
        let table = (ObjectKind::Table, "public.t", "a");
        let interrupted = [migrated.clone(), catalog(&[table, index("create index i")])];
        let drift = |definition: &str| {
            let found = catalog(&[table, (ObjectKind::Index, "public.i", definition)]);
            unexplained(&found, &migrated, &migrated, &interrupted).len()
        };
        assert_eq!(drift("create index i"), 0);
        assert_eq!(drift("create index i (invalid)"), 0);
        assert_eq!(drift("create unique index i"), 1, "somebody made another one of this name");
    }
}
