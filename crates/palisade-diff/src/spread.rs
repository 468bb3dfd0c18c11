//! What cannot stay because something it needs goes.
//!
//! Postgres removes nothing that others need, and changes no type of a column that a view reads. So those others go first and
//! come back afterwards.

use palisade_catalog::{Definition, Object, ObjectKind};

use crate::item::{Fate, Items, is_only_inherited, parents};
use crate::users::Users;

/// Kinds of types that are renamed out of the way while their columns move over to the new one.
pub(crate) fn steps_aside(kind: ObjectKind) -> bool {
    matches!(
        kind,
        ObjectKind::Enum | ObjectKind::Domain | ObjectKind::Composite | ObjectKind::Range | ObjectKind::Collation
    )
}

/// Extends what goes to all that cannot stay without it.
pub(crate) fn spread(items: &mut Items<'_>) {
    let mut waiting: Vec<usize> = (0..items.all.len()).filter(|it| goes(items, *it)).collect();
    let mut retyped: Vec<bool> = (0..items.all.len()).map(|it| changes_type(items, it)).collect();
    waiting.extend((0..items.all.len()).filter(|it| retyped[*it]));
    let mut users = Users::default();
    while !waiting.is_empty() {
        let mut next = Vec::new();
        for (gone, user) in users.of(items, &waiting) {
            match reaction(items, gone, user) {
                Reaction::None => {}
                Reaction::Goes(number) => {
                    if !items.all[number].fate.drops() {
                        items.all[number].fate = Fate::Replace;
                        next.push(number);
                    }
                }
                Reaction::MovesOver => {
                    if !retyped[user] {
                        retyped[user] = true;
                        items.all[user].fate = Fate::Alter;
                        next.push(user);
                    }
                }
            }
        }
        waiting = next;
    }
}

/// What becomes of a user.
enum Reaction {
    None,
    /// It, or the whole that it is a part of, goes too.
    Goes(usize),
    /// A column takes the new type.
    MovesOver,
}

fn reaction(items: &Items<'_>, gone: usize, user: usize) -> Reaction {
    let (it, that) = (&items.all[user], &items.all[gone]);
    if it.fate.drops() {
        return Reaction::None;
    }
    let whole = || match (it.key.kind, items.relation_of(it.key)) {
        // A column of a view is nothing without it, and neither is a generated column without its expression.
        (ObjectKind::Column, Some(relation))
            if items.all[relation].key.kind != ObjectKind::Table && !goes(items, relation) =>
        {
            relation
        }
        (ObjectKind::Default, _) if is_generated(it.definition()) => {
            column_of(items, user).filter(|it| !goes(items, *it)).unwrap_or(user)
        }
        _ => user,
    };
    if that.fate.drops() {
        let moves = that.fate == Fate::Replace && steps_aside(that.key.kind) && it.key.kind == ObjectKind::Column;
        if moves && whole() == user {
            return Reaction::MovesOver;
        }
        if it.key.kind == that.key.kind && leaves_parent(items, user, gone) {
            return Reaction::None;
        }
        // Its change takes the need away, before what it needed goes.
        let lets_go = it.fate == Fate::Alter
            && !items.will_need(user, gone)
            && !needs_successor(items, user, gone)
            && !has_parsed_body(it.from)
            && (!is_only_inherited_part(items, user) || parent_lets_go(items, user, gone));
        return if lets_go { Reaction::None } else { Reaction::Goes(whole()) };
    }
    // The type of a column changes.
    match it.key.kind {
        ObjectKind::View
        | ObjectKind::MaterializedView
        | ObjectKind::Rule
        | ObjectKind::Policy
        | ObjectKind::Trigger
        | ObjectKind::Function
        | ObjectKind::Procedure
        | ObjectKind::PublicationTable
        | ObjectKind::Statistics
        | ObjectKind::Default => Reaction::Goes(whole()),
        ObjectKind::Constraint if is_foreign_key(it.definition()) => Reaction::Goes(user),
        _ => Reaction::None,
    }
}

/// Whether it will need what takes the name of what goes, as a view does that of a materialized one: between both it cannot be.
fn needs_successor(items: &Items<'_>, user: usize, gone: usize) -> bool {
    let key = items.all[gone].key;
    let has_name = key.kind.is_relation() || key.kind.is_part();
    let takes_name = |other: usize| {
        let it = &items.all[other];
        it.fate == Fate::Create && it.key.kind.is_relation() && it.key.relation() == key.relation()
    };
    has_name && items.needs_after(user).iter().any(|it| takes_name(it.0))
}

/// Whether the part that this one came from changes such that neither needs what goes any more.
fn parent_lets_go(items: &Items<'_>, part: usize, gone: usize) -> bool {
    let kind = items.all[part].key.kind;
    items.needs_before(part).iter().map(|it| it.0).any(|parent| {
        let it = &items.all[parent];
        it.key.kind == kind && it.fate == Fate::Alter && !items.will_need(parent, gone)
    })
}

/// Whether a part that came from a parent's part stays, because its table leaves that parent first.
pub(crate) fn leaves_parent(items: &Items<'_>, part: usize, of_parent: usize) -> bool {
    let (Some(child), Some(parent)) = (table_of_part(items, part), table_of_part(items, of_parent)) else {
        return false;
    };
    let key = items.all[parent].key;
    let has = |parents: &[(String, String)]| {
        parents.iter().any(|(schema, name)| (schema.as_str(), name.as_str()) == key.relation())
    };
    has(parents(items.all[child].from)) && items.all[child].to.is_some() && !has(parents(items.all[child].to))
}

/// The table that a column, constraint, trigger or index belongs to.
pub(crate) fn table_of_part(items: &Items<'_>, part: usize) -> Option<usize> {
    let item = &items.all[part];
    match item.definition() {
        Some(Definition::Index(index)) => items.find(ObjectKind::Table, [&index.table.0, &index.table.1]),
        _ if item.key.kind.is_part() => items.find(ObjectKind::Table, [item.key.part(0), item.key.part(1)]),
        _ => None,
    }
}

fn goes(items: &Items<'_>, number: usize) -> bool {
    items.all[number].fate.drops()
}

/// Whether the type of a column changes.
pub(crate) fn changes_type(items: &Items<'_>, number: usize) -> bool {
    let item = &items.all[number];
    let both = (item.from.map(|it| &it.definition), item.to.map(|it| &it.definition));
    let (Some(Definition::Column(from)), Some(Definition::Column(to))) = both else { return false };
    let differs = from.data_type != to.data_type || from.collation != to.collation;
    let on_table = || items.relation_of(item.key).is_some_and(|it| items.all[it].key.kind == ObjectKind::Table);
    item.fate == Fate::Alter && differs && on_table()
}

fn is_only_inherited_part(items: &Items<'_>, number: usize) -> bool {
    items.all[number].from.is_some_and(|it| is_only_inherited(&it.definition))
        && items.all[number].to.is_some_and(|it| is_only_inherited(&it.definition))
}

fn is_generated(definition: Option<&Definition>) -> bool {
    matches!(definition, Some(Definition::Default(default)) if default.generated.is_some())
}

/// Whether a function keeps its body as a tree, which Postgres checks against what is there when it is made.
fn has_parsed_body(object: Option<&Object>) -> bool {
    matches!(object.map(|it| &it.definition), Some(Definition::Routine(it)) if !it.body_is_text)
}

fn is_foreign_key(definition: Option<&Definition>) -> bool {
    let kind = palisade_catalog::definition::ConstraintKind::ForeignKey;
    matches!(definition, Some(Definition::Constraint(constraint)) if constraint.kind == kind)
}

fn column_of(items: &Items<'_>, default: usize) -> Option<usize> {
    let key = items.all[default].key;
    items.find(ObjectKind::Column, [key.part(0), key.part(1), key.part(2)])
}
