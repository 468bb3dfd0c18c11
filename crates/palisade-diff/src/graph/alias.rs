//! What is made and removed together with another.

use std::collections::{BTreeSet, HashMap};

use palisade_catalog::definition::{Column, ConstraintKind, Table, TableKind};
use palisade_catalog::{Definition, ObjectKind, Strength};

use super::{Node, edges};
use crate::item::{Fate, Item, Items, is_only_inherited, table_of};
use crate::spread::{leaves_parent, table_of_part};

/// Objects whose making or removing is part of that of another.
#[derive(Debug, Default)]
pub(crate) struct Aliases {
    /// Removed together with this one.
    pub(crate) drops: HashMap<usize, usize>,
    /// Made together with this one.
    pub(crate) creates: HashMap<usize, usize>,
}

impl Aliases {
    /// The object whose removal removes it: often itself.
    pub(crate) fn dropped_with(&self, number: usize) -> usize {
        follow(&self.drops, number)
    }

    /// The object whose making makes it: often itself.
    pub(crate) fn created_with(&self, number: usize) -> usize {
        follow(&self.creates, number)
    }

    /// Parts of the objects on a circle that can be statements of their own.
    pub(crate) fn parts_of(&self, items: &Items<'_>, circle: &[Node]) -> BTreeSet<usize> {
        let on_circle: BTreeSet<usize> = circle.iter().map(|(it, _)| *it).collect();
        let parts = |aliases: &HashMap<usize, usize>| -> Vec<usize> {
            let of_circle = aliases.keys().filter(|it| on_circle.contains(&follow(aliases, **it)));
            of_circle.copied().filter(|it| can_be_explicit(&items.all[*it])).collect()
        };
        parts(&self.drops).into_iter().chain(parts(&self.creates)).collect()
    }
}

fn follow(aliases: &HashMap<usize, usize>, mut number: usize) -> usize {
    // Aliases lead from parts to wholes, which are few levels.
    for _ in 0..8 {
        match aliases.get(&number) {
            Some(next) => number = *next,
            None => break,
        }
    }
    number
}

fn can_be_explicit(item: &Item<'_>) -> bool {
    match item.definition() {
        Some(Definition::Default(default)) => default.generated.is_none(),
        Some(Definition::Constraint(constraint)) => constraint.local,
        _ => false,
    }
}

/// What is part of what. Objects in `explicit` are always by themselves.
pub(super) fn aliases(items: &Items<'_>, explicit: &BTreeSet<usize>) -> Aliases {
    let mut aliases = Aliases::default();
    for (number, item) in items.all.iter().enumerate() {
        if item.fate.drops()
            && let Some(whole) = dropped_with(items, number, explicit.contains(&number))
        {
            aliases.drops.insert(number, whole);
        }
        if item.fate.creates()
            && let Some(whole) = created_with(items, number, explicit.contains(&number))
        {
            aliases.creates.insert(number, whole);
        }
    }
    aliases
}

/// The object whose removal removes this one.
fn dropped_with(items: &Items<'_>, number: usize, explicit: bool) -> Option<usize> {
    let item = &items.all[number];
    if explicit || item.key.kind == ObjectKind::Table || frees_key(items, number) {
        return None;
    }
    let goes = |it: &usize| items.all[*it].fate.drops();
    // The relation first: with it everything goes.
    let relation = items.relation_before(number).filter(|it| goes(it) && item.key.kind.is_part());
    let auto = items.needs_before(number).iter().filter(|(_, strength)| *strength == Strength::Auto).map(|(it, _)| *it);
    // What a table got from a parent, it keeps when it leaves that.
    let auto = auto.filter(|it| !parted_before(items, number, *it));
    relation
        .filter(|it| items.all[*it].from.is_some())
        .or_else(|| auto.clone().find(|it| goes(it) && is_relation(items, *it)))
        .or_else(|| auto.clone().find(goes))
}

/// Whether the table of a part leaves that of the parent's part before either goes.
fn parted_before(items: &Items<'_>, part: usize, of_parent: usize) -> bool {
    let Some(table) = table_of_part(items, part) else { return false };
    let item = &items.all[table];
    let partition = item.from.and_then(table_of).is_some_and(Table::is_partition) && edges::detaches(item);
    items.all[part].key.kind == items.all[of_parent].key.kind && (partition || leaves_parent(items, part, of_parent))
}

/// Whether it is a foreign key to a key that goes while its table stays: what will refer to that table must not find the old key,
/// so this one lets it go before any table goes.
fn frees_key(items: &Items<'_>, number: usize) -> bool {
    let item = &items.all[number];
    let Some(Definition::Constraint(constraint)) = item.from.map(|it| &it.definition) else { return false };
    let Some((schema, name)) = &constraint.references else { return false };
    let Some(table) = items.find(ObjectKind::Table, [schema, name]) else { return false };
    // No partition can go while something refers to the whole.
    if items.all[table].from.and_then(table_of).is_some_and(|it| it.kind == TableKind::Partitioned) {
        return true;
    }
    !items.all[table].fate.drops()
        && items.needs_before(number).iter().any(|(it, _)| {
            matches!(items.all[*it].key.kind, ObjectKind::Constraint | ObjectKind::Index) && items.all[*it].fate.drops()
        })
}

fn is_relation(items: &Items<'_>, number: usize) -> bool {
    matches!(items.all[number].key.kind, ObjectKind::Table | ObjectKind::View | ObjectKind::MaterializedView)
}

/// The object whose making makes this one.
fn created_with(items: &Items<'_>, number: usize, explicit: bool) -> Option<usize> {
    let item = &items.all[number];
    let object = item.to?;
    match &object.definition {
        Definition::Column(column) => column_with(items, number, column),
        Definition::Default(default) => {
            let key = item.key;
            let column = items.find(ObjectKind::Column, [key.part(0), key.part(1), key.part(2)])?;
            let on_table = items.relation_after(number).is_some_and(|it| items.all[it].key.kind == ObjectKind::Table);
            // A partition is made whole, and tied to its parent afterwards.
            let whole = items
                .relation_after(number)
                .map(|it| &items.all[it])
                .is_some_and(|it| it.fate.creates() && it.to.and_then(table_of).is_some_and(Table::is_partition));
            let inherited = !whole && is_only_inherited(&items.all[column].to?.definition);
            let inline = items.all[column].fate.creates() && on_table && !inherited;
            (inline && (!explicit || default.generated.is_some())).then_some(column)
        }
        Definition::Constraint(constraint) => {
            let table = items.relation_after(number)?;
            let new_table = items.all[table].fate.creates();
            let is_partition = table_of(items.all[table].to?).is_some_and(Table::is_partition);
            if constraint.kind == ConstraintKind::ForeignKey {
                return None;
            }
            if is_only_inherited(&object.definition) && !(is_partition && new_table) {
                // It comes from the parent: with the parent's, or with the table that inherits it.
                let parent =
                    items.needs_after(number).iter().find(|(it, _)| items.all[*it].key.kind == ObjectKind::Constraint);
                return if new_table {
                    Some(table)
                } else if edges::attaches(items, table) {
                    // It has to be there before.
                    None
                } else {
                    parent.map(|it| it.0).filter(|it| items.all[*it].fate.creates())
                };
            }
            // Not valid from the beginning is nothing that `CREATE TABLE` knows.
            (new_table && !explicit && constraint.validated).then_some(table)
        }
        Definition::Trigger(trigger) if trigger.inherited => items
            .needs_after(number)
            .iter()
            .map(|it| it.0)
            .find(|it| items.all[*it].key.kind == ObjectKind::Trigger && items.all[*it].fate.creates()),
        _ => None,
    }
}

fn column_with(items: &Items<'_>, number: usize, column: &Column) -> Option<usize> {
    let relation = items.relation_after(number)?;
    if items.all[relation].fate.creates() {
        return Some(relation);
    }
    if items.all[relation].key.kind != ObjectKind::Table {
        // A view grows in place.
        return (items.all[relation].fate == Fate::Alter).then_some(relation);
    }
    let from_parent = items
        .needs_after(number)
        .iter()
        .map(|it| it.0)
        .find(|it| items.all[*it].key.kind == ObjectKind::Column && items.all[*it].fate.creates());
    let is_child = column.inherited > 0 && !column.local && !edges::attaches(items, relation);
    if is_child { from_parent } else { None }
}
