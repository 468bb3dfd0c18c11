//! What of two catalogs is compared.

use std::collections::BTreeMap;

use palisade_catalog::{Catalog, ObjectKey, ObjectKind};
use palisade_config::HistoryTable;

use crate::external::External;

/// Which part of two databases is compared.
#[derive(Debug, Clone, Copy, Default)]
pub struct Part<'a> {
    /// Only these schemas and what is in them. None: everything that users have made.
    pub schemas: Option<&'a [String]>,
    /// Where Palisade keeps its history.
    pub history: Option<&'a HistoryTable>,
}

/// Two catalogs without what neither side may change.
///
/// # Errors
///
/// The schemas of `part` that neither side has.
pub fn comparable(from: Catalog, to: Catalog, part: Part<'_>) -> Result<(Catalog, Catalog), Vec<String>> {
    let external = External::of([&from, &to], part.history);
    let Some(schemas) = part.schemas else { return Ok((external.without(from), external.without(to))) };
    let key = |name: &String| ObjectKey::new(ObjectKind::Schema, [name.as_str()]);
    let is_missing = |it: &&String| from.get(&key(it)).is_none() && to.get(&key(it)).is_none();
    let missing: Vec<String> = schemas.iter().filter(is_missing).cloned().collect();
    if !missing.is_empty() {
        return Err(missing);
    }
    let within = |it| palisade_db::introspect::within(external.without(it), schemas);
    Ok((within(from), within(to)))
}

/// The major versions of the servers that two catalogs were read from, if they are not the same.
pub fn version_mismatch(from: &Catalog, to: &Catalog) -> Option<(u32, u32)> {
    let (from, to) = (from.server.version / 10_000, to.server.version / 10_000);
    (from != to && from != 0 && to != 0).then_some((from, to))
}

/// A catalog that was made on a scratch server, as if `owner` had made it: what belongs to the scratch server's superuser
/// belongs to whoever makes it elsewhere. What files give to somebody else stays his.
#[must_use]
pub fn made_by(mut made: Catalog, owner: &str) -> Catalog {
    let maker = std::mem::replace(&mut made.server.user, owner.to_owned());
    if maker == owner {
        return made;
    }
    for object in made.objects.values_mut() {
        if object.owner.as_deref() == Some(maker.as_str()) {
            object.owner = Some(owner.to_owned());
        }
    }
    let renamed = |(mut key, object): (ObjectKey, _)| {
        if key.kind == ObjectKind::DefaultPrivileges && key.part(0) == maker {
            owner.clone_into(&mut key.path[0]);
        }
        (key, object)
    };
    made.objects = made.objects.into_iter().map(renamed).collect();
    made
}

/// Whom most of the users' relations and functions belong to: the role that makes things here, whoever looks.
pub fn usual_owner(catalog: &Catalog) -> Option<String> {
    let external = External::of([catalog], None);
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let counts_here = |key: &ObjectKey| key.kind.is_relation() || key.kind.is_routine();
    let made = catalog.objects.iter().filter(|(key, object)| counts_here(key) && external.keeps(key, object));
    for owner in made.filter_map(|(_, object)| object.owner.as_deref()) {
        *counts.entry(owner).or_default() += 1;
    }
    counts.into_iter().max_by_key(|(_, count)| *count).map(|(owner, _)| owner.to_owned())
}
