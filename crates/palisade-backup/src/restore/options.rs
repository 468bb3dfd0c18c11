//! What to restore, and how.

use std::time::Duration;

use palisade_archive::{Entry, Toc};
use palisade_embedded::EmbeddedSettings;
use palisade_plan::{RestorePlace, RestoreStep};
use palisade_store::Store;

use super::RestoreTarget;
use crate::keys::Identities;
use crate::manifest::Manifest;

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
    /// Whom they belonged to, where the target has that role and lets us become it; else the role that restores. Grants to and from
    /// roles that the target lacks are left out; policies are not, since without one of them others would mean something else: for
    /// those the roles have to be there.
    Fitting,
}

/// What `pg_restore --table` finds, as its table of contents calls it.
const RELATIONS: [&str; 5] = ["TABLE", "VIEW", "MATERIALIZED VIEW", "SEQUENCE", "FOREIGN TABLE"];

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

    /// What was chosen and is not there: `pg_restore` would do nothing, and call that a success.
    pub(super) fn missing(&self, contents: &[Toc]) -> Vec<String> {
        let entries = || contents.iter().flat_map(|it| &it.entries);
        let schemas = self.schemas.iter().filter(|name| {
            !entries()
                .any(|it| it.namespace.as_ref() == Some(name) || (it.desc == "SCHEMA" && it.tag.as_ref() == Some(name)))
        });
        let tables = self.tables.iter().filter(|name| {
            let chosen = |it: &Entry| {
                self.schemas.is_empty() || it.namespace.as_ref().is_some_and(|it| self.schemas.contains(it))
            };
            !entries().any(|it| RELATIONS.contains(&it.desc.as_str()) && it.tag.as_ref() == Some(name) && chosen(it))
        });
        let schemas = schemas.map(|it| format!("schema `{it}`"));
        schemas.chain(tables.map(|it| format!("table `{it}`"))).collect()
    }

    /// Whether `pg_restore` wants the data of this entry. What it does not want is not sent: it would not read it, and come to its
    /// COMMIT before the last of it was compared.
    pub(crate) fn wants_data(&self, entry: &Entry) -> bool {
        let is_among = |names: &[String], name: &Option<String>| {
            names.is_empty() || name.as_ref().is_some_and(|it| names.contains(it))
        };
        is_among(&self.schemas, &entry.namespace)
            && if entry.is_large_objects() { self.tables.is_empty() } else { is_among(&self.tables, &entry.tag) }
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
    /// With how many connections. 1 restores in one transaction. More are faster, and leave an incomplete target behind if something
    /// fails: see [`restore()`](crate::restore()).
    pub jobs: usize,
    /// Where `pg_restore` is found.
    pub embedded: EmbeddedSettings,
}

impl RestoreOptions {
    /// What becomes of what is in the target, in [`restore`](crate::restore()).
    pub fn place(&self) -> RestorePlace {
        match self.overwrite {
            Overwrite::Refuse => RestorePlace::Within,
            Overwrite::Confirmed => RestorePlace::InPlaceOf,
        }
    }

    /// What has to be approved for a protected target. Another place than [`place`](Self::place) is that of
    /// [`restore_swapped`](crate::restore_swapped()).
    pub fn step(&self, place: RestorePlace) -> RestoreStep {
        let Selection { schemas, tables, data_only } = &self.selection;
        let mut how = Vec::new();
        match self.owners {
            Owners::AsBackedUp => {}
            Owners::Restorer => how.push("everything belongs to the role that restores".to_owned()),
            Owners::Fitting => how.push("owners and rights fit the roles that are there".to_owned()),
        }
        for (what, names) in [("schemas", schemas), ("tables", tables)] {
            if !names.is_empty() {
                // Names in quotes, so that two never read as one.
                how.push(format!("only the {what} {names:?}"));
            }
        }
        if *data_only {
            how.push("only rows".to_owned());
        }
        let Manifest { name, snapshot, .. } = &self.manifest;
        RestoreStep {
            backup: name.to_string(),
            of: name.environment().to_string(),
            taken: snapshot.at.to_string(),
            content: self.manifest.digest(),
            place,
            how,
            transactional: self.jobs <= 1,
        }
    }
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
    /// What `pg_restore` and the server warned of, what was left out, and what belongs to somebody else now.
    pub warnings: Vec<String>,
    /// How long it took.
    pub elapsed: Duration,
}
