//! Constraints, indexes and sequences that are the same but for their name.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use palisade_catalog::definition::SequenceOptions;
use palisade_catalog::{Catalog, Definition, Object, ObjectKey, ObjectKind};
use palisade_sql::{quote_ident, quote_literal};

use super::{Rename, rename_statement};
use crate::item::{Item, Items};
use crate::script::Statement;

/// What two objects have in common that are the same but for their name.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Likeness {
    kind: ObjectKind,
    /// The table that it is of.
    table: (String, String),
    text: String,
}

/// The left side with the names that objects have on the right one, and the statements that lead there; none if they have them.
pub(crate) fn identical(from: &Catalog, items: &Items<'_>) -> Option<(Catalog, Vec<Statement>)> {
    let renames = renames(from, items);
    if renames.is_empty() {
        return None;
    }
    let mut catalog = from.clone();
    let mut statements = Vec::new();
    for rename in &renames {
        if let Ok(statement) = rename_statement(&catalog, rename) {
            statements.push(statement);
            apply(&mut catalog, rename);
        }
    }
    needs(&mut catalog, &renames);
    Some((catalog, statements))
}

fn renames(from: &Catalog, items: &Items<'_>) -> Vec<Rename> {
    let gone = lonely(items, |it| it.from.filter(|_| it.to.is_none()));
    let new = lonely(items, |it| it.to.filter(|_| it.from.is_none()));
    if gone.is_empty() || new.is_empty() {
        return Vec::new();
    }
    let taken: BTreeSet<(&str, &str)> = from.objects.keys().filter_map(relation_name).collect();
    let mut renames = Vec::new();
    for (likeness, old) in gone {
        let ([old], Some([new])) = (old.as_slice(), new.get(&likeness).map(Vec::as_slice)) else { continue };
        let of_table = ObjectKey { kind: old.kind, path: new.path.clone() };
        let is_taken = relation_name(new).is_some_and(|it| taken.contains(&it)) || from.objects.contains_key(&of_table);
        if old.part(0) == new.part(0) && !is_taken {
            renames.push(Rename { object: (*old).clone(), value: None, to: new.name().to_owned() });
        }
    }
    renames
}

/// The name that an object takes among the relations of its schema. Checks and foreign keys take one too here: to be careful costs
/// nothing.
fn relation_name(key: &ObjectKey) -> Option<(&str, &str)> {
    (key.kind.is_relation() || key.kind == ObjectKind::Constraint).then(|| (key.part(0), key.name()))
}

/// What one side has and the other has not.
fn lonely<'a>(
    items: &Items<'a>,
    alone: impl Fn(&Item<'a>) -> Option<&'a Object>,
) -> BTreeMap<Likeness, Vec<&'a ObjectKey>> {
    let mut found: BTreeMap<Likeness, Vec<&ObjectKey>> = BTreeMap::new();
    let kinds = [ObjectKind::Constraint, ObjectKind::Index, ObjectKind::Sequence].map(|it| items.kind(it));
    for item in kinds.into_iter().flatten().map(|it| &items.all[it]) {
        if let Some(likeness) = alone(item).and_then(|it| likeness(item.key, it)) {
            found.entry(likeness).or_default().push(item.key);
        }
    }
    found
}

fn likeness(key: &ObjectKey, object: &Object) -> Option<Likeness> {
    let (table, text) = match &object.definition {
        Definition::Constraint(it) if it.local || it.kind.has_index() => {
            let index = it.index.as_ref().map(|it| (&it.options, &it.tablespace));
            ((key.part(0).to_owned(), key.part(1).to_owned()), format!("{} {:?} {:?}", it.definition, index, it.parent))
        }
        Definition::Index(it) if it.valid => {
            (it.table.clone(), format!("{} {:?}", without_name(&it.definition, key.name()), it.parent))
        }
        Definition::Sequence(it) => {
            let (schema, table, column) = it.owned_by.clone()?;
            let SequenceOptions { data_type, .. } = &it.options;
            ((schema, table), format!("{column} {data_type}"))
        }
        _ => return None,
    };
    Some(Likeness { kind: key.kind, table, text })
}

/// `CREATE INDEX name ON …` without the name.
fn without_name(definition: &str, name: &str) -> String {
    definition.replacen(&format!(" {} ON ", quote_ident(name)), " ON ", 1)
}

fn with_name(definition: &str, old: &str, new: &str) -> String {
    definition.replacen(&format!(" {} ON ", quote_ident(old)), &format!(" {} ON ", quote_ident(new)), 1)
}

fn renamed(rename: &Rename) -> ObjectKey {
    let mut key = rename.object.clone();
    if let Some(last) = Arc::make_mut(&mut key.path).last_mut() {
        last.clone_from(&rename.to);
    }
    key
}

fn apply(catalog: &mut Catalog, rename: &Rename) {
    let (old, key) = (&rename.object, renamed(rename));
    let Some(mut object) = catalog.objects.remove(old) else { return };
    match &mut object.definition {
        Definition::Index(it) => it.definition = with_name(&it.definition, old.name(), &rename.to),
        Definition::Sequence(_) => next_value(catalog, old, &key),
        _ => {}
    }
    catalog.objects.insert(key, object);
}

/// Defaults name the sequence that they count with.
fn next_value(catalog: &mut Catalog, old: &ObjectKey, new: &ObjectKey) {
    let literal = |key: &ObjectKey| format!("nextval({}::regclass)", quote_literal(&key.sql()));
    let (old_text, new_text) = (literal(old), literal(new));
    for object in catalog.objects.values_mut() {
        if let Definition::Default(it) = &mut object.definition
            && object.needs.contains_key(old)
        {
            it.expression = it.expression.replace(&old_text, &new_text);
        }
    }
}

/// Lets objects need what they need under its new name, and name the parents that they are parts of.
fn needs(catalog: &mut Catalog, renames: &[Rename]) {
    let new_keys: BTreeMap<&ObjectKey, ObjectKey> = renames.iter().map(|it| (&it.object, renamed(it))).collect();
    for object in catalog.objects.values_mut() {
        let old: Vec<ObjectKey> = object.needs.keys().filter(|it| new_keys.contains_key(*it)).cloned().collect();
        for old in old {
            if let (Some(strength), Some(new)) = (object.needs.remove(&old), new_keys.get(&old)) {
                object.needs.insert(new.clone(), strength);
            }
        }
        match &mut object.definition {
            Definition::Constraint(it) => {
                if let Some((schema, table, name)) = &mut it.parent {
                    let key = ObjectKey::new(ObjectKind::Constraint, [schema, table, name]);
                    if let Some(new) = new_keys.get(&key) {
                        new.name().clone_into(name);
                    }
                }
            }
            Definition::Index(it) => {
                if let Some((schema, name)) = &mut it.parent {
                    let key = ObjectKey::new(ObjectKind::Index, [schema, name]);
                    if let Some(new) = new_keys.get(&key) {
                        new.name().clone_into(name);
                    }
                }
            }
            _ => {}
        }
    }
}
