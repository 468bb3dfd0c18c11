//! Objects of both sides, matched by key and numbered.
//!
//! Most objects are the same on both sides and nobody asks about them. So what an object needs is numbered when somebody asks, and
//! so is the index of keys made.

use std::cell::OnceCell;
use std::collections::HashMap;

use foldhash::fast::FixedState;
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
    /// What it needs on the left side, once somebody has asked.
    from_needs: OnceCell<Needs>,
    /// What it needs on the right side, once somebody has asked.
    to_needs: OnceCell<Needs>,
}

/// What an object needs, by number.
type Needs = Vec<(usize, Strength)>;

impl Item<'_> {
    /// Its definition, on the right side if it is there.
    pub(crate) fn definition(&self) -> Option<&Definition> {
        self.to.or(self.from).map(|it| &it.definition)
    }
}

/// All objects of both sides, in the order of their keys.
#[derive(Debug)]
pub(crate) struct Items<'a> {
    pub(crate) all: Vec<Item<'a>>,
    numbers: OnceCell<HashMap<&'a ObjectKey, usize, FixedState>>,
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
            all.push(Item { key, from, to, fate, from_needs: OnceCell::new(), to_needs: OnceCell::new() });
        }
        Self { all, numbers: OnceCell::new() }
    }

    /// The number of an object, if it is on either side.
    pub(crate) fn number(&self, key: &ObjectKey) -> Option<usize> {
        let number = || self.all.iter().enumerate().map(|(number, it)| (it.key, number)).collect();
        self.numbers.get_or_init(number).get(key).copied()
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

    /// The relation that a part belongs to on the left side.
    pub(crate) fn relation_before(&self, part: usize) -> Option<usize> {
        self.relation_among(part, self.needs_before(part))
    }

    /// The relation that a part belongs to on the right side.
    pub(crate) fn relation_after(&self, part: usize) -> Option<usize> {
        self.relation_among(part, self.needs_after(part))
    }

    fn relation_among(&self, part: usize, needs: &[(usize, Strength)]) -> Option<usize> {
        let key = self.all[part].key;
        let is_relation = |it: &usize| {
            let other = self.all[*it].key;
            let kinds = [ObjectKind::Table, ObjectKind::View, ObjectKind::MaterializedView];
            kinds.contains(&other.kind) && other.relation() == key.relation()
        };
        needs.iter().map(|(it, _)| *it).find(is_relation)
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

    /// What an object needs on the left side.
    pub(crate) fn needs_before(&self, number: usize) -> &[(usize, Strength)] {
        let item = &self.all[number];
        item.from_needs.get_or_init(|| self.needs(item.key, item.from, |it| it.from))
    }

    /// What an object needs on the right side.
    pub(crate) fn needs_after(&self, number: usize) -> &[(usize, Strength)] {
        let item = &self.all[number];
        item.to_needs.get_or_init(|| self.needs(item.key, item.to, |it| it.to))
    }

    /// Whether one will need the other on the right side.
    pub(crate) fn will_need(&self, number: usize, other: usize) -> bool {
        self.needs_after(number).iter().any(|(it, _)| *it == other)
    }

    fn needs(
        &self,
        key: &ObjectKey,
        object: Option<&'a Object>,
        side: impl Fn(&Item<'a>) -> Option<&'a Object>,
    ) -> Needs {
        let Some(object) = object else { return Vec::new() };
        let mut needs: Needs =
            object.needs.iter().filter_map(|(key, strength)| Some((self.number(key)?, *strength))).collect();
        // Columns and checks that a table has from its parents come and go with theirs, which the server does not write down as
        // a dependency.
        if matches!(key.kind, ObjectKind::Column | ObjectKind::Constraint) && is_only_inherited(&object.definition) {
            let (schema, name) = key.relation();
            let table = self.find(ObjectKind::Table, [schema, name]).and_then(|it| side(&self.all[it]));
            let of_parent = |(schema, name): &(String, String)| self.find(key.kind, [schema, name, key.name()]);
            needs.extend(parents(table).iter().filter_map(of_parent).map(|it| (it, Strength::Auto)));
        }
        needs
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
