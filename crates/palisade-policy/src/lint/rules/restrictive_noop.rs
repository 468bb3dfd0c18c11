//! `restrictive_noop`

use crate::lint::Severity;
use crate::lint::found::Found;
use crate::lint::rules::Rule;
use crate::lint::scope::{Scope, drop_policy};

pub(crate) const RULE: Rule = Rule {
    id: "restrictive_noop",
    severity: Severity::Warning,
    why: "A restrictive policy that is always true takes nothing away.",
    check,
};

fn check(scope: &Scope<'_, '_>, found: &mut Vec<Found>) {
    for (table, policy) in scope.policies().filter(|(_, it)| !it.permissive) {
        if policy.conditions().all(|it| scope.is_always(&it.expr, table.oid)) {
            let message = "this restrictive policy is always true: it takes nothing away";
            found.push(Found::new(table.qualified(), message).policy(&policy.name).fix(drop_policy(table, policy)));
        }
    }
}
