//! `subquery_self_comparison`

use crate::expr::{ColumnRef, Expr};
use crate::lint::Severity;
use crate::lint::found::Found;
use crate::lint::rules::Rule;
use crate::lint::scope::Scope;

pub(crate) const RULE: Rule = Rule {
    id: "subquery_self_comparison",
    severity: Severity::Error,
    why: "A column without its table was found in the sub-select first, so that it is compared with itself.",
    check,
};

fn check(scope: &Scope<'_, '_>, found: &mut Vec<Found>) {
    for (table, policy) in scope.policies() {
        for condition in policy.conditions() {
            let mut captured = None;
            condition.expr.walk_queries(&mut |query, _| {
                for part in &query.conditions {
                    part.walk(&mut |it, _| {
                        let own = compared(it).into_iter().find(|(left, right)| left == right && left.level == 0);
                        captured = own.and_then(|(column, _)| query.resolve(column)).or(captured);
                    });
                }
            });
            if let Some((relation, column)) = captured {
                let name = scope.column(relation, column);
                let inner = scope.facts().relation_name(relation);
                let message = format!(
                    "`{name}` of {inner} is compared with itself: without its table the name means the inner one. This admits every \
                     row; write `{}.{name}`",
                    table.name
                );
                found.push(Found::new(table.qualified(), message).policy(&policy.name));
                break;
            }
        }
    }
}

/// The columns that a comparison of any kind compares.
fn compared(expr: &Expr) -> Vec<(ColumnRef, ColumnRef)> {
    let pairs: Vec<(&Expr, &Expr)> = match expr {
        Expr::Operator { args, .. } if args.len() == 2 => vec![(&args[0], &args[1])],
        Expr::Distinct { args, .. } => vec![(&args[0], &args[1])],
        Expr::InArray { args, .. } => match args[1].core() {
            Expr::Array(items) => items.iter().map(|it| (&args[0], it)).collect(),
            _ => Vec::new(),
        },
        _ => Vec::new(),
    };
    let columns = |(left, right): (&Expr, &Expr)| match (left.core(), right.core()) {
        (Expr::Column(left), Expr::Column(right)) => Some((*left, *right)),
        _ => None,
    };
    pairs.into_iter().filter_map(columns).collect()
}
