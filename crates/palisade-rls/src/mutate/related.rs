//! Which tests could notice a change of which table.
//!
//! A test of one table sees the policies of another one only if something reads that one: a policy, a view, a trigger, a function, or
//! the test itself. Most tables have nothing to do with each other, and there is no point in trying.

use std::collections::{BTreeMap, BTreeSet};

use palisade_policy::{Access, Oid, Policy};

use super::mutant::Mutant;
use crate::testing::Test;
use crate::trial::Probe;

/// What can be reached from each table that is tested.
pub(super) struct Related {
    /// Which tables a statement on this one may read; none if that cannot be told.
    reached: BTreeMap<Oid, Option<BTreeSet<Oid>>>,
    tables: Vec<Option<Oid>>,
    words: Vec<BTreeSet<String>>,
}

impl Related {
    pub(super) fn new(access: &Access<'_>, tests: &[Test], probes: &[Probe]) -> Self {
        let find = |test: &Test| {
            let all = access.facts.relations.values();
            let mut named =
                all.filter(|it| it.schema_name == test.table.schema.as_str() && it.name == test.table.name.as_str());
            named.next().map(|it| it.oid)
        };
        let tables: Vec<Option<Oid>> = tests.iter().map(find).collect();
        let distinct: BTreeSet<Oid> = tables.iter().flatten().copied().collect();
        let reached = distinct.into_iter().map(|it| (it, closure(access, it))).collect();
        Self { reached, tables, words: probes.iter().map(words).collect() }
    }

    /// Whether a test, by its number, could notice a mutant.
    pub(super) fn could_notice(&self, test: usize, mutant: &Mutant) -> bool {
        let Some(table) = self.tables.get(test).copied().flatten() else { return true };
        let reached = self.reached.get(&table).and_then(Option::as_ref);
        let is_word = mutant.relation.name.chars().all(|it| it.is_alphanumeric() || it == '_');
        reached.is_none_or(|it| it.contains(&mutant.relation.oid))
            || !is_word
            || self.words.get(test).is_none_or(|it| it.contains(&mutant.relation.name.to_lowercase()))
    }
}

/// The words of all that a test runs; whoever is named there is read.
fn words(probe: &Probe) -> BTreeSet<String> {
    let Probe { setup, count, persona: _, statement, kind: _, left: _ } = probe;
    let texts = setup.iter().chain(count).chain(std::iter::once(statement));
    let words = texts.flat_map(|it| it.split(|it: char| !it.is_alphanumeric() && it != '_'));
    words.map(str::to_lowercase).collect()
}

/// Everything that is read by something of the tables that are read; none if a function puts its statements together.
fn closure(access: &Access<'_>, table: Oid) -> Option<BTreeSet<Oid>> {
    let (mut all, mut left) = (BTreeSet::new(), vec![table]);
    while let Some(table) = left.pop() {
        if !all.insert(table) {
            continue;
        }
        let mut functions = BTreeSet::new();
        for condition in access.facts.policies_of(table).iter().flat_map(Policy::conditions) {
            left.extend(condition.expr.relations());
            functions.extend(condition.expr.functions());
        }
        for query in access.facts.views.get(&table).into_iter().flatten() {
            query.walk_queries(&mut |it, _| left.extend(it.tables().map(|(_, it)| it)));
            query.walk(&mut |it, _| functions.extend(it.functions()));
        }
        functions.extend(access.facts.triggers.iter().filter(|it| it.relation == table).map(|it| it.function));
        for body in access.bodies.reachable(functions).into_iter().filter_map(|it| access.bodies.of(it)) {
            if body.dynamic {
                return None;
            }
            left.extend(body.reads.iter().chain(&body.writes));
        }
        left.extend(access.descendants(table));
    }
    Some(all)
}
