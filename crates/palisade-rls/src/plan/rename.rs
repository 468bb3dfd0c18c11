//! Policies that say the same under another name.

use palisade_catalog::{Catalog, ObjectKey, ObjectKind};
use palisade_diff::{Rename, Statement, rename_statement};

/// The target once policies that go and come back under another name have that, and the statements for it. Where several would
/// do, the first in the order of their names does.
pub(super) fn renamed(actual: &Catalog, wanted: &Catalog) -> (Catalog, Vec<Statement>) {
    let mut from = actual.clone();
    let mut statements = Vec::new();
    let lonely = |one: &Catalog, other: &Catalog| -> Vec<ObjectKey> {
        let policies = one.objects.keys().filter(|it| it.kind == ObjectKind::Policy);
        policies.filter(|it| !other.objects.contains_key(*it)).cloned().collect()
    };
    let mut gone = lonely(actual, wanted);
    for new in lonely(wanted, actual) {
        let says = wanted.get(&new).map(|it| &it.definition);
        let same =
            |old: &ObjectKey| old.relation() == new.relation() && actual.get(old).map(|it| &it.definition) == says;
        let Some(at) = gone.iter().position(same) else { continue };
        let old = gone.remove(at);
        let rename = Rename { object: old.clone(), value: None, to: new.name().to_owned() };
        if let (Ok(statement), Some(object)) = (rename_statement(actual, &rename), actual.get(&old)) {
            statements.push(statement);
            from.objects.remove(&old);
            from.objects.insert(new, object.clone());
        }
    }
    (from, statements)
}
