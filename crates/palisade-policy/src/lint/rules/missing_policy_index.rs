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

/// A column that is compared, and whether as it is stored: an index on it does not serve what it is cast to.
type Compared = (i32, bool);

fn check(scope: &Scope<'_, '_>, found: &mut Vec<Found>) {
    let mut seen: BTreeSet<(Oid, Compared)> = BTreeSet::new();
    for (table, policy) in scope.policies().filter(|(table, _)| table.row_security) {
        let mut missing: Vec<(Oid, Compared)> = Vec::new();
        if let Some(using) = &policy.using {
            own(scope, &using.expr, table.oid, &mut missing);
        }
        for condition in policy.conditions() {
            condition.expr.walk_queries(&mut |query, _| inner(scope, query, &mut missing));
        }
        for (relation, (column, plain)) in missing {
            let first = seen.insert((relation, (column, plain)));
            let Some(relation) = scope.facts().relations.get(&relation).filter(|_| first) else { continue };
            let (name, of) = (scope.column(relation.oid, column), relation.qualified());
            let one = if plain {
                let fix = format!("create index concurrently on {} ({});", relation.quoted(), quote_ident(&name));
                let message = format!("the policy compares `{name}` of {of}, and no index begins with it");
                Found::new(table.qualified(), message).fix(fix)
            } else {
                let message = format!(
                    "the policy compares `{name}` of {of} behind a cast, and no index holds that: cast the other side"
                );
                Found::new(table.qualified(), message)
            };
            found.push(one.policy(&policy.name));
        }
    }
}

/// Columns of the table itself: in each alternative one of those that are compared has to be found by an index.
fn own(scope: &Scope<'_, '_>, expr: &Expr, table: Oid, missing: &mut Vec<(Oid, Compared)>) {
    for alternative in expr.disjuncts() {
        let mut compared: BTreeSet<Compared> = BTreeSet::new();
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
fn compared_column(scope: &Scope<'_, '_>, part: &Expr) -> Option<Compared> {
    for (column, other) in sides(scope, part) {
        if let Expr::Column(found) = column.core()
            && found.level == 0
            && other.own_columns().is_empty()
            && other.core().value().is_none()
        {
            return Some((found.column, is_plain(column)));
        }
    }
    let is_list = |it: &Expr| matches!(it, Expr::Array(items) if items.iter().all(|it| it.core().value().is_some()));
    match part {
        Expr::SubLink { kind: SubLinkKind::Any, test: Some(test), query }
            if !query.parts().any(|it| !columns_at(it, 1).is_empty()) =>
        {
            own_column(test)
        }
        Expr::InArray { any: true, args, .. }
            if args[1].own_columns().is_empty() && args[1].core().value().is_none() && !is_list(args[1].core()) =>
        {
            own_column(&args[0])
        }
        _ => None,
    }
}

/// Both sides of an equality, each of them first.
fn sides<'e>(scope: &Scope<'_, '_>, expr: &'e Expr) -> Vec<(&'e Expr, &'e Expr)> {
    match expr {
        Expr::Operator { args, .. } if args.len() == 2 && equality(scope.facts(), expr).is_some() => {
            vec![(&args[0], &args[1]), (&args[1], &args[0])]
        }
        _ => Vec::new(),
    }
}

fn is_plain(expr: &Expr) -> bool {
    matches!(expr.same_value(), Expr::Column(_))
}

fn own_column(expr: &Expr) -> Option<Compared> {
    match expr.core() {
        Expr::Column(it) if it.level == 0 => Some((it.column, is_plain(expr))),
        Expr::Operator { args, .. } => args.iter().find_map(own_column),
        _ => None,
    }
}

/// Columns of the tables of a sub-select.
fn inner(scope: &Scope<'_, '_>, query: &Query, missing: &mut Vec<(Oid, Compared)>) {
    for (place, table) in query.tables().collect::<Vec<_>>() {
        if !matches!(query.relations.get(place - 1), Some(RangeEntry::Relation { in_from: true, .. })) {
            continue;
        }
        let mut compared: BTreeSet<Compared> = BTreeSet::new();
        for (column, other) in query.conditions.iter().flat_map(|it| sides(scope, it)) {
            if let Expr::Column(found) = column.core()
                && (found.level, found.relation) == (0, place)
                && !columns_at(other, 0).iter().any(|(it, _)| *it == place)
                && other.core().value().is_none()
            {
                compared.insert((found.column, is_plain(column)));
            }
        }
        report(scope, table, &compared, missing);
    }
}

fn report(scope: &Scope<'_, '_>, table: Oid, compared: &BTreeSet<Compared>, missing: &mut Vec<(Oid, Compared)>) {
    let leads = |(column, plain): &Compared| {
        let mut indexes = scope.facts().indexes_of(table).iter().filter(|it| it.valid && !it.partial);
        // Which expression an index holds is not known, only of which columns it is.
        indexes.any(|it| match it.columns.first() {
            Some(0) => !plain && it.other_columns.contains(column),
            first => *plain && first == Some(column),
        })
    };
    let has_indexes = scope.facts().relations.get(&table).is_some_and(|it| it.kind.has_row_security());
    if has_indexes && !compared.is_empty() && !compared.iter().any(leads) {
        missing.extend(compared.iter().map(|it| (table, *it)));
    }
}
