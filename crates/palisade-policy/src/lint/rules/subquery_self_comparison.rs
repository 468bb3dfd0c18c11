//! `subquery_self_comparison`

use crate::expr::Expr;
use crate::lint::Severity;
use crate::lint::found::Found;
use crate::lint::rules::Rule;
use crate::lint::scope::Scope;
use crate::lint::scope::equality;

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
                        if let Some((Expr::Column(left), Expr::Column(right))) = equality(scope.facts(), it)
                            && left == right
                            && left.level == 0
                        {
                            captured = query.resolve(*left).or(captured);
                        }
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
