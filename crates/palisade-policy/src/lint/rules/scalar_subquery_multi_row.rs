//! `scalar_subquery_multi_row`

use crate::Oid;
use crate::expr::Expr;
use crate::expr::{Query, RangeEntry, SubLinkKind};
use crate::lint::Severity;
use crate::lint::found::Found;
use crate::lint::rules::Rule;
use crate::lint::scope::Scope;
use crate::lint::scope::{columns_at, equality, sub_selects};
use std::collections::{BTreeMap, BTreeSet};

pub(crate) const RULE: Rule = Rule {
    id: "scalar_subquery_multi_row",
    severity: Severity::Warning,
    why: "A sub-select that is used as one value raises 21000 as soon as there are two.",
    check,
};

fn check(scope: &Scope<'_, '_>, found: &mut Vec<Found>) {
    for (table, policy) in scope.policies() {
        let many = policy
            .conditions()
            .flat_map(|it| sub_selects(&it.expr))
            .any(|it| it.kind == SubLinkKind::Scalar && !gives_one_row(scope, it.query));
        let sets = policy.conditions().any(|it| calls_set(scope, &it.expr));
        if many || sets {
            let message = "a sub-select that is compared as one value may give several rows, and every statement fails with 21000 then: \
                           `in (select …)` takes any number";
            found.push(Found::new(table.qualified(), message).policy(&policy.name));
        }
    }
}

/// `(select f())` of a function that returns a set.
fn calls_set(scope: &Scope<'_, '_>, expr: &Expr) -> bool {
    let mut any = false;
    expr.walk(&mut |it, _| {
        if let Expr::SubLink { kind: SubLinkKind::Scalar, query, .. } = it
            && let Some(Expr::Call { function, .. }) = query.single_value()
        {
            any |= scope.facts().functions.get(function).is_some_and(|it| it.returns_set);
        }
    });
    any
}

/// Whether a query gives one row at most: by what it is, or because unique keys of all its tables are given.
fn gives_one_row(scope: &Scope<'_, '_>, query: &Query) -> bool {
    if query.aggregates || query.limit.is_some_and(|it| it <= 1) {
        return true;
    }
    let tables: BTreeMap<usize, Oid> = query.tables().collect();
    let several = |it: &RangeEntry| match it {
        RangeEntry::Query(inner) => !gives_one_row(scope, inner),
        RangeEntry::Functions(calls) => calls.iter().any(|it| match it {
            Expr::Call { function, .. } => scope.facts().functions.get(function).is_none_or(|it| it.returns_set),
            _ => true,
        }),
        RangeEntry::CommonTable(_) => true,
        RangeEntry::Other(values) => !values.is_empty(),
        RangeEntry::Relation { .. } | RangeEntry::Join(_) => false,
    };
    if query.combines || query.relations.iter().any(several) {
        return false;
    }
    // What each column is given by: the tables that the other side of an equality needs.
    let mut given: Vec<((usize, i32), BTreeSet<usize>)> = Vec::new();
    for condition in &query.conditions {
        let Some((left, right)) = equality(scope.facts(), condition) else { continue };
        for (column, value) in [(left, right), (right, left)] {
            if let Expr::Column(column) = column
                && column.level == 0
            {
                let needs = columns_at(value, 0).into_iter().map(|(relation, _)| relation).collect();
                given.push(((column.relation, column.column), needs));
            }
        }
    }
    let mut known: BTreeSet<usize> = BTreeSet::new();
    loop {
        let next = tables.iter().find(|(place, table)| {
            let columns: BTreeSet<i32> = given
                .iter()
                .filter(|((relation, _), needs)| relation == *place && needs.is_subset(&known))
                .map(|((_, column), _)| *column)
                .collect();
            !known.contains(*place) && is_key(scope, **table, &columns)
        });
        match next {
            Some((place, _)) => known.insert(*place),
            None => return known.len() == tables.len(),
        };
    }
}

fn is_key(scope: &Scope<'_, '_>, table: Oid, columns: &BTreeSet<i32>) -> bool {
    let indexes = scope.facts().indexes_of(table);
    indexes.iter().any(|it| {
        it.unique && it.valid && !it.partial && it.columns.iter().all(|column| *column > 0 && columns.contains(column))
    })
}
