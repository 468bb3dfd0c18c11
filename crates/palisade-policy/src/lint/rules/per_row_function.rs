//! `per_row_function`

use crate::expr::Expr;
use crate::lint::Severity;
use crate::lint::found::Found;
use crate::lint::rules::Rule;
use crate::lint::scope::Scope;
use crate::lint::scope::columns_at;

pub(crate) const RULE: Rule = Rule {
    id: "per_row_function",
    severity: Severity::Warning,
    why: "A function of a column has to be called for every row.",
    check,
};

fn check(scope: &Scope<'_, '_>, found: &mut Vec<Found>) {
    for (table, policy) in scope.policies() {
        let mut called: Vec<String> = Vec::new();
        for condition in policy.conditions() {
            condition.expr.walk(&mut |it, depth| {
                if let Expr::Call { function, cast: false, args } = it
                    && args.iter().any(|it| !columns_at(it, depth).is_empty())
                    && let Some(function) = scope.facts().functions.get(function).filter(|it| !it.foreign)
                    && !["storage", "auth", "extensions"].contains(&function.schema.as_str())
                {
                    called.push(function.signature());
                }
            });
        }
        called.sort();
        called.dedup();
        if !called.is_empty() {
            let message = format!(
                "{} is called with a column, once for each row: a function without it that returns all keys of the caller is called once, \
                 `team_id in (select …())`",
                called.join(", ")
            );
            found.push(Found::new(table.qualified(), message).policy(&policy.name));
        }
    }
}
