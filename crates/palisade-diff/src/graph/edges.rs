//! Which step comes before which, and why.

use std::collections::HashMap;

use palisade_catalog::definition::Table;
use palisade_catalog::{Definition, ObjectKind};

use super::alias::Aliases;
use super::{Node, Step, conflict};
use crate::item::{Fate, Item, Items, table_of};
use crate::spread::{steps_aside, table_of_part};

/// Pairs of numbers of nodes: the first comes before the second.
pub(super) fn edges(items: &Items<'_>, aliases: &Aliases, nodes: &[Node]) -> Vec<(usize, usize)> {
    let place: HashMap<Node, usize> = nodes.iter().enumerate().map(|(place, node)| (*node, place)).collect();
    let ties = nodes.iter().any(|(_, step)| matches!(step, Step::Attach | Step::Detach));
    let drops =
        nodes.iter().any(|(number, step)| *step == Step::Drop && items.all[*number].key.kind == ObjectKind::Column);
    let logging = items.all[items.kind(ObjectKind::Table)].iter().any(|it| {
        let unlogged = |object| Option::and_then(object, table_of).map(|it| it.unlogged);
        it.fate == Fate::Alter && unlogged(it.from) != unlogged(it.to)
    });
    let mut edges = Edges { aliases, place, found: Vec::new() };
    for (number, item) in items.all.iter().enumerate() {
        // What stays as it is has no step of its own.
        if item.fate != Fate::Keep {
            for (needed, _) in items.needs_before(number) {
                edges.on_the_left(items, number, *needed);
            }
            for (needed, _) in items.needs_after(number) {
                edges.on_the_right(items, number, *needed);
            }
            edges.of_one(items, number);
        }
        // Most scripts neither tie tables nor let them go, nor change whether one is logged.
        if ties || drops && item.fate != Fate::Keep {
            edges.partition(items, number);
        }
        if logging && item.key.kind == ObjectKind::Constraint {
            edges.logging(items, number);
        }
    }
    edges.keys_of_partitions(items);
    edges.foreign_keys_to_partitions(items);
    conflict::conflicts(items, &mut |first, second| edges.add(first, second));
    edges.found.sort_unstable();
    edges.found.dedup();
    edges.found
}

struct Edges<'a> {
    aliases: &'a Aliases,
    place: HashMap<Node, usize>,
    found: Vec<(usize, usize)>,
}

impl Edges<'_> {
    /// The node that does a step, which may be that of a whole.
    fn resolve(&self, (number, step): Node) -> Option<usize> {
        let number = match step {
            Step::Drop => self.aliases.dropped_with(number),
            Step::Create => self.aliases.created_with(number),
            Step::Alter | Step::Attach | Step::Detach | Step::GoAside => number,
        };
        self.place
            .get(&(number, step))
            .or_else(|| {
                // A view that grows in place makes its new columns.
                (step == Step::Create).then(|| self.place.get(&(number, Step::Alter))).flatten()
            })
            .copied()
    }

    fn add(&mut self, first: Node, second: Node) {
        if let (Some(first), Some(second)) = (self.resolve(first), self.resolve(second))
            && first != second
        {
            self.found.push((first, second));
        }
    }

    /// Who needed what: users go first.
    fn on_the_left(&mut self, items: &Items<'_>, user: usize, needed: usize) {
        let (it, that) = (&items.all[user], &items.all[needed]);
        let aside = steps_aside(that.key.kind);
        if it.fate.drops() {
            self.add((user, Step::Drop), (needed, Step::Drop));
            // What changes of a table as a whole does not look at its columns.
            if it.key.kind != ObjectKind::Column || that.key.kind != ObjectKind::Table {
                self.add((user, Step::Drop), (needed, Step::Alter));
            }
            // What steps aside itself, or goes together with it, is dropped when all have moved over.
            let whole = &items.all[self.aliases.dropped_with(user)];
            let later = whole.fate == Fate::Replace && steps_aside(whole.key.kind);
            if !later && self.aliases.dropped_with(user) != self.aliases.dropped_with(needed) {
                self.add((user, Step::Drop), (needed, Step::GoAside));
            }
        }
        if it.fate == Fate::Alter && it.key.kind == ObjectKind::Sequence && ties(it, needed, items) {
            self.add((user, Step::Attach), (needed, Step::Drop));
        }
        if it.fate == Fate::Alter && that.fate.drops() && (!items.will_need(user, needed) || aside) {
            self.add((user, Step::Alter), (needed, Step::Drop));
        }
        self.add((user, Step::Detach), (needed, Step::Drop));
        self.add((user, Step::Detach), (needed, Step::Alter));
    }

    /// Who will need what: users come last.
    fn on_the_right(&mut self, items: &Items<'_>, user: usize, needed: usize) {
        let it = &items.all[user];
        for done in [Step::Create, Step::Alter] {
            if ties(it, needed, items) {
                self.add((needed, done), (user, Step::Attach));
                continue;
            }
            for use_ in [Step::Create, Step::Alter, Step::Attach] {
                self.add((needed, done), (user, use_));
            }
        }
        // A function that speaks of a row speaks of all its columns.
        let that = items.all[needed].key;
        if it.key.kind.is_routine() && that.kind == ObjectKind::Table {
            for column in items.parts(ObjectKind::Column, that.part(0), that.part(1)) {
                for step in [Step::Drop, Step::Create, Step::Alter] {
                    self.add((column, step), (user, Step::Create));
                }
            }
        }
        // What is about a whole can want its parts to be tied to it: a foreign key wants the key whole that it refers to. What is
        // itself a part of a table comes before that is tied.
        if it.key.kind != ObjectKind::Table && table_of_part(items, user) != Some(needed) {
            self.add((needed, Step::Attach), (user, Step::Create));
        }
    }

    /// The steps of one object.
    fn of_one(&mut self, items: &Items<'_>, number: usize) {
        let item = &items.all[number];
        if item.fate == Fate::Replace {
            if steps_aside(item.key.kind) {
                self.add((number, Step::GoAside), (number, Step::Create));
                self.add((number, Step::Create), (number, Step::Drop));
            } else {
                self.add((number, Step::Drop), (number, Step::Create));
            }
        }
        self.add((number, Step::Detach), (number, Step::Alter));
        self.add((number, Step::Alter), (number, Step::Attach));
        self.add((number, Step::Create), (number, Step::Attach));
        self.add((number, Step::Detach), (number, Step::Attach));
        if item.key.kind == ObjectKind::Table && attaches(items, number) {
            self.parent_first(items, number);
        }
    }

    /// What is logged cannot refer to what is not.
    fn logging(&mut self, items: &Items<'_>, foreign_key: usize) {
        let item = &items.all[foreign_key];
        let sides = [item.from, item.to].into_iter().flatten();
        for object in sides {
            let Definition::Constraint(it) = &object.definition else { continue };
            let Some((schema, name)) = &it.references else { continue };
            let (Some(own), Some(other)) =
                (Self::changes_logging(items, item.key.relation()), Self::changes_logging(items, (schema, name)))
            else {
                for table in [item.key.relation(), (schema.as_str(), name.as_str())] {
                    if let Some((table, _)) = Self::changes_logging(items, table) {
                        self.add((foreign_key, Step::Drop), (table, Step::Alter));
                        self.add((table, Step::Alter), (foreign_key, Step::Create));
                    }
                }
                continue;
            };
            self.add((foreign_key, Step::Drop), (own.0, Step::Alter));
            self.add((foreign_key, Step::Drop), (other.0, Step::Alter));
            if !item.fate.drops() && own.0 != other.0 && own.1 == other.1 {
                let (first, second) = if own.1 { (own.0, other.0) } else { (other.0, own.0) };
                self.add((first, Step::Alter), (second, Step::Alter));
            }
        }
    }

    /// A table whose rows are no longer logged, or are from now on; with whether they are not.
    fn changes_logging(items: &Items<'_>, (schema, name): (&str, &str)) -> Option<(usize, bool)> {
        let number = items.find(ObjectKind::Table, [schema, name])?;
        let (from, to) = (items.all[number].from.and_then(table_of)?, items.all[number].to.and_then(table_of)?);
        (from.unlogged != to.unlogged && items.all[number].fate == Fate::Alter).then_some((number, to.unlogged))
    }

    /// A table that is tied to a parent has the columns and checks that the parent has by then.
    fn parent_first(&mut self, items: &Items<'_>, table: usize) {
        let Some(it) = items.all[table].to.and_then(table_of) else { return };
        for (schema, name) in &it.parents {
            for kind in [ObjectKind::Column, ObjectKind::Constraint] {
                for part in items.parts(kind, schema, name) {
                    for step in [Step::Drop, Step::Create, Step::Alter] {
                        self.add((part, step), (table, Step::Attach));
                    }
                }
            }
        }
    }

    /// A foreign key to a partitioned table refers to each of its partitions: none can go before.
    fn foreign_keys_to_partitions(&mut self, items: &Items<'_>) {
        let going: Vec<usize> = items.kind(ObjectKind::Constraint).filter(|it| items.all[*it].fate.drops()).collect();
        let references = |number: usize| match items.all[number].from.map(|it| &it.definition) {
            Some(Definition::Constraint(constraint)) => constraint.references.as_ref(),
            _ => None,
        };
        let keys: Vec<(usize, (&str, &str))> =
            going.into_iter().filter_map(|it| references(it).map(|to| (it, (to.0.as_str(), to.1.as_str())))).collect();
        if keys.is_empty() {
            return;
        }
        let mut partitions: HashMap<(&str, &str), Vec<usize>> = HashMap::new();
        for number in items.kind(ObjectKind::Table) {
            let table = items.all[number].from.and_then(table_of).filter(|it| it.is_partition());
            for (schema, name) in table.into_iter().flat_map(|it| &it.parents) {
                partitions.entry((schema, name)).or_default().push(number);
            }
        }
        for (key, table) in keys {
            let mut waiting = vec![table];
            while let Some(table) = waiting.pop() {
                for partition in partitions.get(&table).into_iter().flatten() {
                    self.add((key, Step::Drop), (*partition, Step::Drop));
                    waiting.push(items.all[*partition].key.relation());
                }
            }
        }
    }

    /// A key of a partitioned table is whole once those of all partitions are tied to it, and only then others can refer to it.
    fn keys_of_partitions(&mut self, items: &Items<'_>) {
        let mut tied: HashMap<usize, Vec<usize>> = HashMap::new();
        for number in items.kind(ObjectKind::Constraint).chain(items.kind(ObjectKind::Index)) {
            if self.place.contains_key(&(number, Step::Attach)) {
                for (parent, _) in items.needs_after(number).iter().filter(|it| ties(&items.all[number], it.0, items)) {
                    tied.entry(*parent).or_default().push(number);
                }
            }
        }
        let refers = |it: &usize| matches!(items.all[*it].to.map(|it| &it.definition), Some(Definition::Constraint(it)) if it.references.is_some());
        for number in items.kind(ObjectKind::Constraint).filter(|it| !tied.is_empty() && refers(it)) {
            for (key, _) in items.needs_after(number) {
                for part in tied.get(key).into_iter().flatten().filter(|it| **it != number) {
                    self.add((*part, Step::Attach), (number, Step::Create));
                }
            }
        }
    }

    /// What a table has before it becomes a partition, it keeps: its indexes are taken into those of the parent. What it has when
    /// it leaves, it keeps too.
    fn partition(&mut self, items: &Items<'_>, number: usize) {
        let item = &items.all[number];
        let Some(table) = table_of_part(items, number) else { return };
        let (attaches, detaches) = (attaches(items, table), detaches(&items.all[table]));
        let is_same_part = |other: &usize| items.all[*other].key.kind == item.key.kind;
        if attaches {
            let parents = items.needs_after(number).iter().map(|it| it.0).filter(is_same_part);
            for part in parents.chain([number]) {
                for step in [Step::Create, Step::Alter] {
                    self.add((part, step), (table, Step::Attach));
                }
            }
        }
        if detaches {
            let parents = items.needs_before(number).iter().map(|it| it.0).filter(is_same_part);
            for part in parents.chain([number]) {
                for step in [Step::Drop, Step::Create, Step::Alter] {
                    self.add((table, Step::Detach), (part, step));
                }
            }
        }
        // A column that is declared here as well stays when the parent's goes, and cannot go before.
        if let Some(Definition::Column(column)) = item.from.map(|it| &it.definition)
            && column.inherited > 0
            && column.local
            && let Some(table) = items.all[table].from.and_then(table_of)
        {
            for (schema, name) in &table.parents {
                let of_parent = items.find(ObjectKind::Column, [schema, name, item.key.name()]);
                let goes_alone = |it: &usize| !self.aliases.drops.contains_key(it);
                if let Some(of_parent) = of_parent.filter(goes_alone).filter(|_| goes_alone(&number)) {
                    self.add((of_parent, Step::Drop), (number, Step::Drop));
                }
            }
        }
    }
}

/// Whether it is only the tie between both that needs the other: a sequence and the column that owns it, a partition and its parent.
fn ties(user: &Item<'_>, needed: usize, items: &Items<'_>) -> bool {
    match user.key.kind {
        ObjectKind::Sequence => items.all[needed].key.kind == ObjectKind::Column,
        ObjectKind::Table => {
            let inline = user.fate.creates() && !user.to.and_then(table_of).is_some_and(Table::is_partition);
            items.all[needed].key.kind == ObjectKind::Table && !inline
        }
        ObjectKind::Index => items.all[needed].key.kind == ObjectKind::Index,
        ObjectKind::Constraint => {
            let parent = match user.to.map(|it| &it.definition) {
                Some(Definition::Constraint(constraint)) => constraint.parent.is_some(),
                _ => false,
            };
            parent && items.all[needed].key.kind == ObjectKind::Constraint
        }
        _ => false,
    }
}

/// Whether a table leaves a parent, or gets other bounds there.
pub(crate) fn detaches(item: &Item<'_>) -> bool {
    let (Some(from), Some(to)) = (item.from.and_then(table_of), item.to.and_then(table_of)) else { return false };
    let leaves = from.parents.iter().any(|it| !to.parents.contains(it));
    item.fate == Fate::Alter && (leaves || from.is_partition() && from.bound != to.bound)
}

/// Whether something is tied to another behind everything else.
pub(crate) fn attaches(items: &Items<'_>, number: usize) -> bool {
    let item = &items.all[number];
    // What is the same on both sides is tied already.
    if item.fate == Fate::Keep {
        return false;
    }
    let (from, to) = (item.from.map(|it| &it.definition), item.to.map(|it| &it.definition));
    let made = item.fate.creates();
    match (from, to) {
        (from, Some(Definition::Sequence(to))) => {
            let before = match from {
                Some(Definition::Sequence(from)) if !made => from.owned_by.clone(),
                _ => None,
            };
            (made || item.fate == Fate::Alter) && before != to.owned_by
        }
        (Some(Definition::Table(from)), Some(Definition::Table(to))) if !made => {
            let joins = to.parents.iter().any(|it| !from.parents.contains(it));
            item.fate == Fate::Alter && (joins || to.is_partition() && from.bound != to.bound)
        }
        (_, Some(Definition::Table(to))) => made && to.is_partition(),
        (from, Some(Definition::Index(to))) => {
            let before = match from {
                Some(Definition::Index(from)) if !made => from.parent.is_some(),
                _ => false,
            };
            let table = items.find(ObjectKind::Table, [&to.table.0, &to.table.1]);
            to.parent.is_some() && !before && !table.is_some_and(|it| attaches(items, it))
        }
        (from, Some(Definition::Constraint(to))) if to.kind.has_index() => {
            let before = match from {
                Some(Definition::Constraint(from)) if !made => from.parent.is_some(),
                _ => false,
            };
            to.parent.is_some() && !before && !items.relation_of(item.key).is_some_and(|it| attaches(items, it))
        }
        _ => false,
    }
}
