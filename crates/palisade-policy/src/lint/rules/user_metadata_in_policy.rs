//! `user_metadata_in_policy`

use crate::expr::{Expr, Query, Value};
use crate::lint::Severity;
use crate::lint::found::Found;
use crate::lint::rules::Rule;
use crate::lint::scope::Scope;

pub(crate) const RULE: Rule = Rule {
    id: "user_metadata_in_policy",
    severity: Severity::Error,
    why: "Users write their own user_metadata: a policy that trusts it trusts whatever they claim.",
    check,
};

/// The claim, and the column of `auth.users`.
const NAMES: [&str; 2] = ["user_metadata", "raw_user_meta_data"];

fn check(scope: &Scope<'_, '_>, found: &mut Vec<Found>) {
    for (table, policy) in scope.policies() {
        if let Some(place) = policy.conditions().find_map(|it| place(scope, &it.expr)) {
            let message = format!(
                "the policy {place}: users write that themselves. `app_metadata` is written by the server only"
            );
            found.push(Found::new(table.qualified(), message).policy(&policy.name));
        }
    }
}

/// Where a condition leads to what users write.
fn place(scope: &Scope<'_, '_>, expr: &Expr) -> Option<String> {
    let mut direct = names_it(scope, expr);
    expr.walk_queries(&mut |it, _| direct |= reads_it(scope, it));
    if direct {
        return Some("reads user_metadata".to_owned());
    }
    for view in expr.relations() {
        let mut through = false;
        for query in scope.facts().views.get(&view).into_iter().flatten() {
            query.walk_queries(&mut |it, _| through |= reads_it(scope, it));
            query.parts().for_each(|it| through |= names_it(scope, it));
        }
        if through {
            return Some(format!("reads {}, which reads user_metadata", scope.facts().relation_name(view)));
        }
    }
    let reading = scope.access.bodies.reachable(expr.functions()).into_iter().find(|it| {
        let body = scope.access.bodies.of(*it);
        body.is_some_and(|it| it.texts.iter().chain(&it.words).any(|it| NAMES.iter().any(|name| it.contains(name))))
    });
    let function = scope.facts().functions.get(&reading?)?;
    Some(format!("calls {}, which reads user_metadata", function.signature()))
}

/// Whether a key or a path in it is the claim; a value that something is compared with is none.
fn names_it(scope: &Scope<'_, '_>, expr: &Expr) -> bool {
    let compares = |it: &Expr| match it {
        Expr::Operator { operator, .. } | Expr::InArray { operator, .. } => {
            let known = scope.facts().operators.get(operator);
            let negator = known.and_then(|it| scope.facts().operators.get(&it.negator));
            known.is_some_and(|it| it.equality || it.ordering) || negator.is_some_and(|it| it.equality)
        }
        _ => false,
    };
    let mut found = false;
    expr.walk(&mut |it, _| {
        if !compares(it) {
            found |= it.parts().into_iter().any(|it| match it.core().value() {
                Some(Value::Text(text)) => NAMES.iter().any(|name| text.contains(name)),
                Some(Value::Bytes(bytes)) => {
                    NAMES.iter().any(|name| bytes.windows(name.len()).any(|it| it == name.as_bytes()))
                }
                _ => false,
            });
        }
    });
    found
}

/// Whether a query mentions the column.
fn reads_it(scope: &Scope<'_, '_>, query: &Query) -> bool {
    let mut found = false;
    for part in query.parts() {
        part.walk(&mut |it, _| {
            if let Expr::Column(column) = it
                && let Some((relation, number)) = query.resolve(*column)
            {
                found |= scope.column(relation, number) == "raw_user_meta_data";
            }
        });
    }
    found
}
