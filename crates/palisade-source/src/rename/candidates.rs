//! What looks like a rename that nobody has told of.

use std::collections::{BTreeMap, BTreeSet};

use palisade_catalog::{Catalog, Definition, ObjectKey, ObjectKind};

use super::Rename;

/// A column that goes while another one of the same type comes, and neither has a rival in its table; a table that goes while
/// another one with the same columns comes.
pub fn rename_candidates(from: &Catalog, to: &Catalog) -> Vec<Rename> {
    let mut found = Vec::new();
    let (gone, added) = (only(from, to, ObjectKind::Table), only(to, from, ObjectKind::Table));
    for (columns, old) in pairs(from, &gone) {
        let new: Vec<&&ObjectKey> = added.iter().filter(|it| columns_of(to, it) == columns).collect();
        if let ([old], [new]) = (old.as_slice(), new.as_slice())
            && !columns.is_empty()
            && old.part(0) == new.part(0)
        {
            found.push(Rename { from: old.path.clone(), to: new.name().to_owned() });
        }
    }
    let (gone, added) = (only(from, to, ObjectKind::Column), only(to, from, ObjectKind::Column));
    for old in &gone {
        let rivals = |it: &&&ObjectKey| it.relation() == old.relation();
        let same = |it: &&&ObjectKey| rivals(it) && form(to, it).is_some() && form(to, it) == form(from, old);
        let new: Vec<_> = added.iter().filter(same).collect();
        let others =
            gone.iter().filter(|it| it.relation() == old.relation() && form(from, it) == form(from, old)).count();
        if let ([new], 1) = (new.as_slice(), others) {
            found.push(Rename { from: old.path.clone(), to: new.name().to_owned() });
        }
    }
    found
}

/// Objects of a kind that one catalog has and the other has not. Parts count only where both have what they are parts of.
fn only<'a>(catalog: &'a Catalog, other: &Catalog, kind: ObjectKind) -> Vec<&'a ObjectKey> {
    let has_whole = |key: &ObjectKey| {
        let (schema, name) = key.relation();
        kind == ObjectKind::Table || other.get(&ObjectKey::new(ObjectKind::Table, [schema, name])).is_some()
    };
    catalog.objects.keys().filter(|it| it.kind == kind && other.get(it).is_none() && has_whole(it)).collect()
}

/// Tables by their columns.
fn pairs<'a>(catalog: &Catalog, tables: &[&'a ObjectKey]) -> BTreeMap<BTreeSet<String>, Vec<&'a ObjectKey>> {
    let mut found: BTreeMap<BTreeSet<String>, Vec<&ObjectKey>> = BTreeMap::new();
    for table in tables {
        found.entry(columns_of(catalog, table)).or_default().push(table);
    }
    found
}

fn columns_of(catalog: &Catalog, table: &ObjectKey) -> BTreeSet<String> {
    let columns =
        catalog.objects.keys().filter(|it| it.kind == ObjectKind::Column && it.relation() == table.relation());
    columns.map(|it| format!("{} {}", it.name(), form(catalog, it).unwrap_or_default())).collect()
}

/// What a column is but for its name and place.
fn form(catalog: &Catalog, column: &ObjectKey) -> Option<String> {
    match &catalog.get(column)?.definition {
        Definition::Column(it) => Some(format!("{} {:?} {}", it.data_type, it.collation, it.not_null)),
        _ => None,
    }
}
