//! Objects of both sides, matched by key and numbered.

use std::collections::HashMap;

use palisade_catalog::definition::Table;
use palisade_catalog::{Catalog, Definition, Object, ObjectKey, ObjectKind, Strength};

/// What becomes of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It stays as it is.
    Keep,
    /// It is made.
    Create,
    /// It is changed in place.
    Alter,
    /// It is removed.
    Drop,
    /// It is removed and made again.
    Replace,
}

impl Fate {
    pub(crate) fn drops(self) -> bool {
        matches!(self, Self::Drop | Self::Replace)
    }

    pub(crate) fn creates(self) -> bool {
        matches!(self, Self::Create | Self::Replace)
    }
}

/// An object on both sides.
#[derive(Debug)]
pub(crate) struct Item<'a> {
    pub(crate) key: &'a ObjectKey,
    pub(crate) from: Option<&'a Object>,
    pub(crate) to: Option<&'a Object>,
    pub(crate) fate: Fate,
    /// What it needs on the left side.
    pub(crate) from_needs: Vec<(usize, Strength)>,
    /// What it needs on the right side.
    pub(crate) to_needs: Vec<(usize, Strength)>,
}

impl Item<'_> {
    /// Whether it is needed on the right side, by number.
    pub(crate) fn will_need(&self, other: usize) -> bool {
        self.to_needs.iter().any(|(it, _)| *it == other)
    }

    /// Its definition, on the right side if it is there.
    pub(crate) fn definition(&self) -> Option<&Definition> {
        self.to.or(self.from).map(|it| &it.definition)
    }
}

/// All objects of both sides, in the order of their keys.
#[derive(Debug)]
pub(crate) struct Items<'a> {
    pub(crate) all: Vec<Item<'a>>,
    numbers: HashMap<&'a ObjectKey, usize>,
}

impl<'a> Items<'a> {
    /// Matches the objects of both sides.
    pub(crate) fn new(from: &'a Catalog, to: &'a Catalog) -> Self {
        let mut all: Vec<Item<'a>> = Vec::with_capacity(from.objects.len().max(to.objects.len()));
        let (mut left, mut right) = (from.objects.iter().peekable(), to.objects.iter().peekable());
        loop {
            let order = match (left.peek(), right.peek()) {
                (Some((one, _)), Some((other, _))) => one.cmp(other),
                (Some(_), None) => std::cmp::Ordering::Less,
                (None, Some(_)) => std::cmp::Ordering::Greater,
                (None, None) => break,
            };
            let from = if order.is_le() { left.next() } else { None };
            let to = if order.is_ge() { right.next() } else { None };
            let Some((key, _)) = from.or(to) else { break };
            let fate = match (from.is_some(), to.is_some()) {
                (true, false) => Fate::Drop,
                (false, true) => Fate::Create,
                _ => Fate::Keep,
            };
            let (from, to) = (from.map(|it| it.1), to.map(|it| it.1));
            all.push(Item { key, from, to, fate, from_needs: Vec::new(), to_needs: Vec::new() });
        }
        let numbers = all.iter().enumerate().map(|(number, it)| (it.key, number)).collect();
        let mut items = Self { all, numbers };
        items.number_needs();
        items.inheritance();
        items
    }

    /// The number of an object, if it is on either side.
    pub(crate) fn number(&self, key: &ObjectKey) -> Option<usize> {
        self.numbers.get(key).copied()
    }

    /// The object with a key, if it is on either side.
    pub(crate) fn get(&self, key: &ObjectKey) -> Option<&Item<'a>> {
        self.number(key).map(|it| &self.all[it])
    }

    /// The number of an object of a kind with a path.
    pub(crate) fn find<const N: usize>(&self, kind: ObjectKind, path: [&str; N]) -> Option<usize> {
        self.number(&ObjectKey::new(kind, path))
    }

    /// The table, view or materialized view that a part belongs to.
    pub(crate) fn relation_of(&self, key: &ObjectKey) -> Option<usize> {
        if !key.kind.is_part() {
            // A function can have the name of a table, and a view is no part of itself.
            return None;
        }
        let (schema, name) = key.relation();
        let kinds = [ObjectKind::Table, ObjectKind::View, ObjectKind::MaterializedView];
        kinds.into_iter().filter_map(|it| self.find(it, [schema, name])).find(|it| {
            // Where a view took the place of a table, the part belongs to the one of its own side.
            let (relation, part) = (&self.all[*it], self.get(key));
            part.is_none_or(|part| {
                (part.to.is_some() && relation.to.is_some()) || (part.to.is_none() && relation.from.is_some())
            })
        })
    }

    /// The relation that a part belongs to on one side.
    pub(crate) fn relation_on(
        &self,
        part: usize,
        side: impl for<'i> Fn(&'i Item<'a>) -> &'i Vec<(usize, Strength)>,
    ) -> Option<usize> {
        let key = self.all[part].key;
        let is_relation = |it: &usize| {
            let other = self.all[*it].key;
            let kinds = [ObjectKind::Table, ObjectKind::View, ObjectKind::MaterializedView];
            kinds.contains(&other.kind) && other.relation() == key.relation()
        };
        side(&self.all[part]).iter().map(|(it, _)| *it).find(is_relation)
    }

    /// The parts of one kind that belong to a relation or domain, on either side.
    pub(crate) fn parts(&self, kind: ObjectKind, schema: &str, name: &str) -> std::ops::Range<usize> {
        let wanted = (kind, schema, name);
        let begin = self.all.partition_point(|it| (it.key.kind, it.key.part(0), it.key.part(1)) < wanted);
        let length = self.all[begin..].partition_point(|it| (it.key.kind, it.key.part(0), it.key.part(1)) == wanted);
        begin..begin + length
    }

    /// All objects of one kind, on either side.
    pub(crate) fn kind(&self, kind: ObjectKind) -> std::ops::Range<usize> {
        let begin = self.all.partition_point(|it| it.key.kind < kind);
        begin..begin + self.all[begin..].partition_point(|it| it.key.kind == kind)
    }

    /// Who needs each object on the left side.
    pub(crate) fn users_before(&self) -> Vec<Vec<usize>> {
        let mut users = vec![Vec::new(); self.all.len()];
        for (number, item) in self.all.iter().enumerate() {
            for (needed, _) in &item.from_needs {
                users[*needed].push(number);
            }
        }
        users
    }

    fn number_needs(&mut self) {
        for number in 0..self.all.len() {
            let numbered = |object: Option<&'a Object>| -> Vec<(usize, Strength)> {
                let needs = object.into_iter().flat_map(|it| &it.needs);
                needs.filter_map(|(key, strength)| Some((*self.numbers.get(key)?, *strength))).collect()
            };
            let (from, to) = (numbered(self.all[number].from), numbered(self.all[number].to));
            (self.all[number].from_needs, self.all[number].to_needs) = (from, to);
        }
    }

    /// Columns and checks that a table has from its parents come and go with theirs, which the server does not write down as a
    /// dependency.
    fn inheritance(&mut self) {
        for number in 0..self.all.len() {
            let key = self.all[number].key;
            if !matches!(key.kind, ObjectKind::Column | ObjectKind::Constraint) {
                continue;
            }
            let (schema, name) = key.relation();
            let Some(table) = self.find(ObjectKind::Table, [schema, name]) else { continue };
            let (before, after) = (parents(self.all[table].from), parents(self.all[table].to));
            let ours = |object: Option<&Object>| object.is_some_and(|it| is_only_inherited(&it.definition));
            let of = |side: &[(String, String)]| -> Vec<(usize, Strength)> {
                let key = |(schema, name): &(String, String)| self.find(key.kind, [schema, name, key.name()]);
                side.iter().filter_map(key).map(|it| (it, Strength::Auto)).collect()
            };
            let from = if ours(self.all[number].from) { of(before) } else { Vec::new() };
            let to = if ours(self.all[number].to) { of(after) } else { Vec::new() };
            self.all[number].from_needs.extend(from);
            self.all[number].to_needs.extend(to);
        }
    }
}

/// The table that an object is.
pub(crate) fn table_of(object: &Object) -> Option<&Table> {
    match &object.definition {
        Definition::Table(table) => Some(table),
        _ => None,
    }
}

/// The parents of a table.
pub(crate) fn parents(object: Option<&Object>) -> &[(String, String)] {
    object.and_then(table_of).map_or(&[], |it| &it.parents)
}

/// Whether a column or check is there only because a parent has it.
pub(crate) fn is_only_inherited(definition: &Definition) -> bool {
    match definition {
        Definition::Column(column) => column.inherited > 0 && !column.local,
        Definition::Constraint(it) => it.inherited > 0 && !it.local && !it.kind.has_index(),
        Definition::Trigger(trigger) => trigger.inherited,
        _ => false,
    }
}
