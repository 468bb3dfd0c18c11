//! `correlated_subplan_per_row`

use crate::expr::Expr;
use crate::expr::SubLinkKind;
use crate::lint::Severity;
use crate::lint::found::Found;
use crate::lint::rules::Rule;
use crate::lint::scope::Scope;
use crate::lint::scope::{columns_at, equality, sub_selects};

pub(crate) const RULE: Rule = Rule {
    id: "correlated_subplan_per_row",
    severity: Severity::Warning,
    why: "A sub-select that mentions a column of the row is run for each row; one that does not is run once, and hashed.",
    check,
};

fn check(scope: &Scope<'_, '_>, found: &mut Vec<Found>) {
    for (table, policy) in scope.policies() {
        let per_row = policy.conditions().flat_map(|it| sub_selects(&it.expr)).any(|it| {
            let mut outer = false;
            it.query.walk(&mut |part, depth| {
                if let Expr::Column(column) = part {
                    outer |= column.level == it.depth + depth;
                }
            });
            match it.kind {
                SubLinkKind::Any | SubLinkKind::Scalar => outer && it.query.tables().next().is_some(),
                // The server can hash what is correlated by equality only.
                SubLinkKind::Exists => {
                    outer
                        && it
                            .query
                            .conditions
                            .iter()
                            .any(|it| !columns_at(it, 1).is_empty() && equality(scope.facts(), it).is_none())
                }
                SubLinkKind::All | SubLinkKind::Array | SubLinkKind::Other => false,
            }
        });
        if per_row {
            let message = "a sub-select mentions a column of the row and is run again for each: turned round, `column in (select … where \
                           user_id = (select auth.uid()))`, it is run once";
            found.push(Found::new(table.qualified(), message).policy(&policy.name));
        }
    }
}
