//! Pairs that look like a rename.

use std::collections::{BTreeMap, BTreeSet};

use palisade_catalog::{Catalog, Definition, ObjectKey, ObjectKind};

/// An object that goes and one that comes, so alike that one may be the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The one that goes.
    pub from: ObjectKey,
    /// The one that comes.
    pub to: ObjectKey,
}

/// Pairs of tables with the same columns, and of columns of one table with the same type, of which one goes and the other comes
/// and no third is like them.
pub fn candidates(from: &Catalog, to: &Catalog) -> Vec<Candidate> {
    let mut found = tables(from, to);
    let renamed: BTreeSet<ObjectKey> = found.iter().flat_map(|it| [it.from.clone(), it.to.clone()]).collect();
    found.extend(columns(from, to).into_iter().filter(|it| {
        let table = |key: &ObjectKey| ObjectKey::new(ObjectKind::Table, [key.part(0), key.part(1)]);
        !renamed.contains(&table(&it.from))
    }));
    found
}

/// What a table looks like: names and types of its columns.
type Shape = Vec<(String, String)>;

fn tables(from: &Catalog, to: &Catalog) -> Vec<Candidate> {
    let gone = shapes(from, to);
    let new = shapes(to, from);
    let only = |keys: &Vec<ObjectKey>| (keys.len() == 1).then(|| keys[0].clone());
    let pairs = gone.iter().filter_map(|(shape, old)| Some((only(old)?, only(new.get(shape)?)?)));
    pairs.filter(|(old, new)| old.part(0) == new.part(0)).map(|(from, to)| Candidate { from, to }).collect()
}

/// The tables of one side that the other has not, by their shape. Tables without columns are all alike.
fn shapes(side: &Catalog, other: &Catalog) -> BTreeMap<(String, Shape), Vec<ObjectKey>> {
    let mut columns: BTreeMap<(&str, &str), Shape> = BTreeMap::new();
    for (key, object) in &side.objects {
        if let Definition::Column(column) = &object.definition {
            columns.entry(key.relation()).or_default().push((key.name().to_owned(), column.data_type.clone()));
        }
    }
    let mut shapes: BTreeMap<(String, Shape), Vec<ObjectKey>> = BTreeMap::new();
    for key in side.objects.keys().filter(|it| it.kind == ObjectKind::Table && !other.objects.contains_key(*it)) {
        if let Some(shape) = columns.get(&key.relation()) {
            shapes.entry((key.part(0).to_owned(), shape.clone())).or_default().push(key.clone());
        }
    }
    shapes
}

fn columns(from: &Catalog, to: &Catalog) -> Vec<Candidate> {
    let (gone, new) = (lonely(from, to), lonely(to, from));
    let mut found = Vec::new();
    for (table, old) in &gone {
        // More than one on either side, and nobody can tell which is which.
        if let ([(old, before)], Some([(name, after)])) = (old.as_slice(), new.get(table).map(Vec::as_slice))
            && before == after
        {
            found.push(Candidate { from: old.clone(), to: name.clone() });
        }
    }
    found
}

/// Columns that one side has and the other has not, of tables that both have: with their types.
fn lonely(side: &Catalog, other: &Catalog) -> BTreeMap<(String, String), Vec<(ObjectKey, String)>> {
    let mut found: BTreeMap<(String, String), Vec<(ObjectKey, String)>> = BTreeMap::new();
    for (key, object) in &side.objects {
        let Definition::Column(column) = &object.definition else { continue };
        let table = ObjectKey::new(ObjectKind::Table, [key.part(0), key.part(1)]);
        let both = side.objects.contains_key(&table) && other.objects.contains_key(&table);
        if both && !other.objects.contains_key(key) && column.inherited == 0 {
            let place = (key.part(0).to_owned(), key.part(1).to_owned());
            found.entry(place).or_default().push((key.clone(), column.data_type.clone()));
        }
    }
    found
}
