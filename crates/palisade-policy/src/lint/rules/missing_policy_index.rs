//! `missing_policy_index`

use crate::Oid;
use crate::expr::Expr;
use crate::expr::{Query, RangeEntry, SubLinkKind};
use crate::lint::Severity;
use crate::lint::found::Found;
use crate::lint::rules::Rule;
use crate::lint::scope::Scope;
use crate::lint::scope::{columns_at, equality};
use palisade_sql::quote_ident;
use std::collections::BTreeSet;

pub(crate) const RULE: Rule = Rule {
    id: "missing_policy_index",
    severity: Severity::Warning,
    why: "Without an index every statement reads the whole table to find the rows of the caller.",
    check,
};

fn check(scope: &Scope<'_, '_>, found: &mut Vec<Found>) {
    let mut seen: BTreeSet<(Oid, i32)> = BTreeSet::new();
    for (table, policy) in scope.policies().filter(|(table, _)| table.row_security) {
        let mut missing: Vec<(Oid, i32)> = Vec::new();
        if let Some(using) = &policy.using {
            own(scope, &using.expr, table.oid, &mut missing);
        }
        for condition in policy.conditions() {
            condition.expr.walk_queries(&mut |query, _| inner(scope, query, &mut missing));
        }
        for (relation, column) in missing {
            let Some(relation) = scope.facts().relations.get(&relation).filter(|_| seen.insert((relation, column)))
            else {
                continue;
            };
            let name = scope.column(relation.oid, column);
            let message =
                format!("the policy compares `{name}` of {}, and no index begins with it", relation.qualified());
            let fix = format!("create index concurrently on {} ({});", scope.quoted(relation), quote_ident(&name));
            found.push(Found::new(table.qualified(), message).policy(&policy.name).fix(fix));
        }
    }
}

/// Columns of the table itself: in each alternative one of those that are compared has to be found by an index.
fn own(scope: &Scope<'_, '_>, expr: &Expr, table: Oid, missing: &mut Vec<(Oid, i32)>) {
    for alternative in expr.disjuncts() {
        let mut compared: BTreeSet<i32> = BTreeSet::new();
        for part in alternative.conjuncts() {
            if part.disjuncts().len() > 1 {
                own(scope, part, table, missing);
            }
            compared.extend(compared_column(scope, part));
        }
        report(scope, table, &compared, missing);
    }
}

/// The column that is compared with something that is the same for all rows.
fn compared_column(scope: &Scope<'_, '_>, part: &Expr) -> Option<i32> {
    if let Some((left, right)) = equality(scope.facts(), part) {
        for (column, other) in [(left, right), (right, left)] {
            if let Expr::Column(column) = column
                && column.level == 0
                && other.own_columns().is_empty()
                && other.value().is_none()
            {
                return Some(column.column);
            }
        }
    }
    match part {
        Expr::SubLink { kind: SubLinkKind::Any, test: Some(test), query }
            if !query.parts().any(|it| !columns_at(it, 1).is_empty()) =>
        {
            own_column(test)
        }
        Expr::InArray { any: true, args, .. }
            if args[1].own_columns().is_empty() && !matches!(args[1].core(), Expr::Array(_)) =>
        {
            own_column(&args[0])
        }
        _ => None,
    }
}

fn own_column(expr: &Expr) -> Option<i32> {
    match expr.core() {
        Expr::Column(it) if it.level == 0 => Some(it.column),
        Expr::Operator { args, .. } => args.iter().find_map(own_column),
        _ => None,
    }
}

/// Columns of the tables of a sub-select.
fn inner(scope: &Scope<'_, '_>, query: &Query, missing: &mut Vec<(Oid, i32)>) {
    for (place, table) in query.tables().collect::<Vec<_>>() {
        if !matches!(query.relations.get(place - 1), Some(RangeEntry::Relation { in_from: true, .. })) {
            continue;
        }
        let mut compared: BTreeSet<i32> = BTreeSet::new();
        for condition in &query.conditions {
            let Some((left, right)) = equality(scope.facts(), condition) else { continue };
            for (column, other) in [(left, right), (right, left)] {
                if let Expr::Column(column) = column
                    && (column.level, column.relation) == (0, place)
                    && !columns_at(other, 0).iter().any(|(it, _)| *it == place)
                    && other.value().is_none()
                {
                    compared.insert(column.column);
                }
            }
        }
        report(scope, table, &compared, missing);
    }
}

fn report(scope: &Scope<'_, '_>, table: Oid, compared: &BTreeSet<i32>, missing: &mut Vec<(Oid, i32)>) {
    let leads = |column: &i32| {
        let indexes = scope.facts().indexes_of(table);
        indexes.iter().any(|it| it.valid && !it.partial && it.columns.first() == Some(column))
    };
    let has_indexes = scope.facts().relations.get(&table).is_some_and(|it| it.kind.has_row_security());
    if has_indexes && !compared.is_empty() && !compared.iter().any(leads) {
        missing.extend(compared.iter().map(|it| (table, *it)));
    }
}
