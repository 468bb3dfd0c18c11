//! What of two catalogs is compared.

use std::collections::BTreeMap;
use std::sync::Arc;

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
    let mut made = owned(made, &maker, owner);
    let renamed = |(mut key, object): (ObjectKey, _)| {
        if key.kind == ObjectKind::DefaultPrivileges && key.part(0) == maker {
            owner.clone_into(&mut Arc::make_mut(&mut key.path)[0]);
        }
        (key, object)
    };
    made.objects = made.objects.into_iter().map(renamed).collect();
    made
}

/// A catalog in which everything of one role belongs to another.
#[must_use]
pub fn owned(mut catalog: Catalog, from: &str, to: &str) -> Catalog {
    for object in catalog.objects.values_mut() {
        if object.owner.as_deref() == Some(from) {
            object.owner = Some(to.to_owned());
        }
    }
    catalog
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

#[cfg(test)]
mod tests {
    use super::{Part, comparable, made_by, usual_owner, version_mismatch};
    use palisade_catalog::{Catalog, Definition, Object, ObjectKey, ObjectKind, Server};
    use std::collections::BTreeMap;

    fn catalog(user: &str, objects: &[(ObjectKind, &str, &str)]) -> Catalog {
        let entry = |(kind, path, owner): &(ObjectKind, &str, &str)| {
            let (labels, needs) = (BTreeMap::new(), BTreeMap::new());
            let (definition, owner) = (Definition::Schema, Some((*owner).to_owned()));
            let object = Object { definition, owner, privileges: None, comment: None, labels, needs };
            (ObjectKey { kind: *kind, path: path.split('/').map(str::to_owned).collect() }, object)
        };
        let server = Server { user: user.to_owned(), version: 150_001, ..Server::default() };
        Catalog { server, objects: objects.iter().map(entry).collect() }
    }

    #[test]
    fn what_was_made_on_scratch_belongs_to_whoever_makes_things_there() {
        let live = catalog(
            "reader",
            &[
                (ObjectKind::Schema, "auth", "supabase_admin"),
                (ObjectKind::Table, "auth/a", "supabase_auth_admin"),
                (ObjectKind::Table, "auth/b", "supabase_auth_admin"),
                (ObjectKind::Table, "public/t", "app"),
            ],
        );
        assert_eq!(usual_owner(&live).as_deref(), Some("app"));
        assert_eq!(usual_owner(&catalog("reader", &[])), None);
        let made = catalog(
            "postgres",
            &[
                (ObjectKind::Table, "public/t", "postgres"),
                (ObjectKind::Table, "public/u", "somebody"),
                (ObjectKind::DefaultPrivileges, "postgres/public/r", "postgres"),
            ],
        );
        let made = made_by(made, "app");
        let owners: Vec<&str> = made.objects.values().filter_map(|it| it.owner.as_deref()).collect();
        assert_eq!((owners.as_slice(), made.server.user.as_str()), (&["app", "somebody", "app"][..], "app"));
        assert!(made.objects.keys().any(|it| it.part(0) == "app"));
    }

    #[test]
    fn a_schema_that_nobody_has_is_named() {
        let one = catalog(
            "x",
            &[(ObjectKind::Schema, "a", "x"), (ObjectKind::Table, "a/t", "x"), (ObjectKind::Schema, "b", "x")],
        );
        let compare = |names: &[&str]| {
            let schemas: Vec<String> = names.iter().map(|it| (*it).to_owned()).collect();
            comparable(one.clone(), Catalog::default(), Part { schemas: Some(&schemas), history: None })
                .map(|(left, _)| left.objects.len())
        };
        assert_eq!(compare(&["a"]), Ok(2));
        assert_eq!(compare(&["a", "c"]), Err(vec!["c".to_owned()]));
    }

    #[test]
    fn minor_versions_do_not_matter() {
        let of = |version| Catalog { server: Server { version, ..Server::default() }, ..Catalog::default() };
        assert_eq!(version_mismatch(&of(150_001), &of(150_018)), None);
        assert_eq!(version_mismatch(&of(150_001), &of(170_001)), Some((15, 17)));
    }
}
