//! Names that the server gave by itself, after a name that is another one now.

use std::collections::BTreeMap;

use palisade_catalog::{Catalog, Definition, ObjectKey, ObjectKind};
use palisade_sql::quote_ident;

use super::{Renamed, Renaming, renaming};

/// Constraints, indexes and sequences that only differ in their names from those that are wanted: `posts_title_check` is
/// `posts_headline_check` where the column was renamed. Making them anew would take a lock, or lose how far one has counted.
pub fn follow(renamed: &Catalog, wanted: &Catalog) -> Vec<Renaming> {
    let gone = by_form(renamed, wanted);
    let added = by_form(wanted, renamed);
    let mut statements = Vec::new();
    for (form, keys) in gone {
        // Only where there can be no doubt which is which.
        if let ([old], Some([new])) = (keys.as_slice(), added.get(&form).map(Vec::as_slice)) {
            statements.push(renaming(renamed, &Renamed::Object((*old).clone()), new.name()));
        }
    }
    statements
}

/// The objects that `catalog` has and `other` has not, by all that they are but their name.
fn by_form<'a>(catalog: &'a Catalog, other: &Catalog) -> BTreeMap<(ObjectKind, String), Vec<&'a ObjectKey>> {
    let mut found: BTreeMap<(ObjectKind, String), Vec<&ObjectKey>> = BTreeMap::new();
    for (key, object) in catalog.objects.iter().filter(|(key, _)| other.get(key).is_none()) {
        let form = match &object.definition {
            Definition::Constraint(it) => format!("{} {}", key.qualified(), it.definition),
            Definition::Index(it) => {
                format!("{:?} {}", it.table, it.definition.replacen(&quote_ident(key.name()).into_owned(), "", 1))
            }
            Definition::Sequence(it) if it.owned_by.is_some() => format!("{:?}", it.owned_by),
            _ => continue,
        };
        found.entry((key.kind, form)).or_default().push(key);
    }
    found
}
