//! What a target holds beside what its migrations make.

use std::collections::BTreeSet;

use palisade_catalog::{Catalog, Compared, Definition, Difference, ObjectKey, ObjectKind, difference};
use palisade_db::{Connection, DbError, introspect};
use palisade_embedded::{EmbeddedSettings, Layer};
use palisade_migrator::{History, Version, halfway, load};
use palisade_source::{Base, MakeError, Workbench};

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
        source: Box<MakeError>,
    },
}

impl DriftCheckError {
    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::Target(error) => {
                error.help().unwrap_or_else(|| "run `cargo xtask doctor` for the same environment".to_owned())
            }
            Self::Replay { source } => source.help().unwrap_or_default(),
        }
    }
}

/// What a target holds beside what its files make.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Drift {
    /// Objects that its migrations make otherwise, or do not make.
    pub objects: Vec<Difference>,
    /// Policies, and flags of row security, that `rls/` declares otherwise, or not. While the files have not been applied yet
    /// these are what applying them changes.
    pub row_security: Vec<Difference>,
}

/// Compares the target with what the applied migrations, and only those, make on a scratch database, and with what `rls/` adds
/// to that. Objects that `rls/` declares are no drift: they are compared, and put right, by their own step.
///
/// The scratch server has the target's major version where that can be had, since servers of different versions write the
/// same definition differently. It is not even started where the same files were replayed before.
///
/// # Errors
///
/// [`DriftCheckError`]; never an empty list instead.
pub async fn drift(
    connection: &mut Connection,
    inputs: &Inputs<'_>,
    embedded: &EmbeddedSettings,
) -> Result<Drift, DriftCheckError> {
    let schemas = &inputs.environment.schemas;
    let history = load(connection, inputs.tables).await.map_err(DriftCheckError::Target)?;
    let found = introspect::catalog(connection, schemas).await.map_err(DriftCheckError::Target)?;
    let applied: BTreeSet<Version> = history.applied.iter().map(|it| it.version).collect();

    let grants = inputs.environment.supabase.grants;
    let workbench = Workbench::new(embedded.clone(), Base::Supabase(grants)).like(connection.server_version().major());
    let read = async |layers: &[Layer]| match workbench.migrated(layers).await {
        Ok(catalog) => Ok(introspect::within(catalog, schemas)),
        Err(source) => Err(DriftCheckError::Replay { source: Box::new(source) }),
    };
    let replayed = inputs.migrations.iter().filter(|it| applied.contains(&it.version)).map(|it| Layer {
        name: it.up.file.clone(),
        sql: it.up.sql.clone(),
        transactional: it.up.is_transactional(),
    });
    let mut layers: Vec<Layer> = replayed.collect();
    let migrated = read(&layers).await?;
    let mut interrupted = Vec::new();
    for layer in half_done(inputs, &history) {
        let layers: Vec<Layer> = layers.iter().cloned().chain([layer]).collect();
        // The statement that failed on the target may fail here as well.
        interrupted.extend(read(&layers).await.ok());
    }
    layers.extend(inputs.policies.files().iter().map(|it| Layer::new(it.path.as_str(), it.sql.as_str())));
    // Policies of today may speak of tables of tomorrow, which are not there yet: then only their kinds are left out.
    let secured = read(&layers).await.ok();
    let row_security = secured.as_ref().map(|it| row_security(&found, it)).unwrap_or_default();
    let objects = unexplained(&found, &migrated, secured.as_ref().unwrap_or(&migrated), &interrupted);
    Ok(Drift { objects, row_security })
}

/// What of row security is not as the files say.
fn row_security(found: &Catalog, secured: &Catalog) -> Vec<Difference> {
    let differences = difference(secured, found, COMPARED).into_iter();
    differences.filter(|it| matches!(it.object().kind, ObjectKind::Policy | ObjectKind::RowSecurity)).collect()
}

/// What the pending file that a run left half done may have made: the next run goes on with it, so it is no drift.
fn half_done(inputs: &Inputs<'_>, history: &History) -> Vec<Layer> {
    let pending = inputs.migrations.iter().filter_map(|it| Some((it, history.attempt(it.version)?)));
    let layer = |file: &str, sql: String| Layer { name: file.to_owned(), sql, transactional: false };
    pending.flat_map(|(it, attempt)| halfway(it, attempt).into_iter().map(|sql| layer(&it.up.file, sql))).collect()
}

/// Owners differ between environments, and grants belong to `rls/`.
const COMPARED: Compared = Compared { owners: false, privileges: false };

/// Differences between the target and its migrations, without objects that `rls/` declares and those that an interrupted file
/// explains.
fn unexplained(found: &Catalog, migrated: &Catalog, secured: &Catalog, interrupted: &[Catalog]) -> Vec<Difference> {
    let of_row_security: BTreeSet<ObjectKey> =
        difference(migrated, secured, COMPARED).into_iter().map(|it| it.object().clone()).collect();
    let differences = difference(migrated, found, COMPARED).into_iter();
    differences
        .filter(|it| {
            let key = it.object();
            let explained = interrupted.iter().any(|it| definition(it, key) == definition(found, key));
            !key.kind.belongs_to_row_security() && !of_row_security.contains(key) && !explained
        })
        .collect()
}

/// An index that an interrupted statement left invalid is the one that it was to make.
fn definition(catalog: &Catalog, key: &ObjectKey) -> Option<Definition> {
    let mut definition = catalog.get(key)?.definition.clone();
    if let Definition::Index(index) = &mut definition {
        index.valid = true;
    }
    Some(definition)
}

#[cfg(test)]
mod tests {
    use super::unexplained;
    use palisade_catalog::definition::{Index, Opaque};
    use palisade_catalog::{Catalog, Definition, Object, ObjectKey, ObjectKind};
    use std::collections::BTreeMap;

    fn catalog(objects: &[(ObjectKind, &str, Definition)]) -> Catalog {
        let entry = |(kind, name, definition): &(ObjectKind, &str, Definition)| {
            let (labels, needs) = (BTreeMap::new(), BTreeMap::new());
            let (owner, privileges, comment) = (None, None, None);
            let object = Object { definition: definition.clone(), owner, privileges, comment, labels, needs };
            (ObjectKey::new(*kind, ["public", name]), object)
        };
        Catalog { objects: objects.iter().map(entry).collect(), ..Catalog::default() }
    }

    fn text(create: &str) -> Definition {
        Definition::Opaque(Opaque { create: create.to_owned(), then: Vec::new() })
    }

    #[test]
    fn what_row_security_declares_is_no_drift() {
        let table = || (ObjectKind::Table, "t", text("a"));
        let migrated = catalog(&[table()]);
        let secured = catalog(&[table(), (ObjectKind::Function, "helper", text("today"))]);
        let before = (ObjectKind::Function, "helper", text("last month"));
        let policy = (ObjectKind::Policy, "p", text("using (true)"));
        let by_hand = (ObjectKind::Sequence, "hack", text("integer"));
        let found = catalog(&[table(), before, policy, by_hand]);
        let drift: Vec<String> =
            unexplained(&found, &migrated, &secured, &[]).iter().map(ToString::to_string).collect();
        assert_eq!(drift, ["+ sequence public.hack"]);
    }

    #[test]
    fn what_an_interrupted_file_made_is_no_drift() {
        let index = |definition: &str, valid| {
            let index = Index {
                definition: definition.to_owned(),
                table: ("public".to_owned(), "t".to_owned()),
                unique: false,
                valid,
                partitioned: false,
                parent: None,
                clustered: false,
                replica_identity: false,
                tablespace: None,
                statistics: Vec::new(),
            };
            (ObjectKind::Index, "i", Definition::Index(index))
        };
        let table = || (ObjectKind::Table, "t", text("a"));
        let migrated = catalog(&[table()]);
        let interrupted = [migrated.clone(), catalog(&[table(), index("create index i", true)])];
        let drift = |definition: &str, valid| {
            let found = catalog(&[table(), index(definition, valid)]);
            unexplained(&found, &migrated, &migrated, &interrupted).len()
        };
        assert_eq!(drift("create index i", true), 0);
        assert_eq!(drift("create index i", false), 0);
        assert_eq!(drift("create unique index i", true), 1, "somebody made another one of this name");
    }
}
