//! `null_auth_leak`

use crate::Oid;
use crate::expr::Expr;
use crate::formula::View;
use crate::lint::Severity;
use crate::lint::found::Found;
use crate::lint::rules::Rule;
use crate::lint::scope::Scope;
use crate::lint::scope::sub_selects;

pub(crate) const RULE: Rule = Rule {
    id: "null_auth_leak",
    severity: Severity::Error,
    why: "For a caller without a token the user id is NULL, and the condition is true all the same.",
    check,
};

fn check(scope: &Scope<'_, '_>, found: &mut Vec<Found>) {
    for (table, policy) in scope.policies() {
        if scope.subjects(policy).is_empty() || !policy.permissive {
            continue;
        }
        let mut leaks = policy.conditions().filter(|it| leaks(scope, &it.expr, table.oid));
        if let Some(condition) = leaks.next() {
            let message = format!(
                "for a caller without a token, of whom auth.uid() is NULL, this can be true: {}",
                condition.sql
            );
            found.push(Found::new(table.qualified(), message).policy(&policy.name));
        }
    }
}

/// Whether what is NULL because there is no caller makes a condition true.
fn leaks(scope: &Scope<'_, '_>, expr: &Expr, relation: Oid) -> bool {
    let session = scope.access.bodies.session();
    let view = View { relation, null_functions: Some(session), ..View::default() };
    let mut space = scope.space();
    let with = space.truth(expr, view).is_true;
    let without = space.truth(expr, View { null_proves_nothing: true, ..view }).is_true;
    if !space.implies(with, without) {
        return true;
    }
    let mut conditions = sub_selects(expr).into_iter().flat_map(|it| &it.query.conditions);
    conditions.any(|it| leaks(scope, it, Oid::NONE))
}
