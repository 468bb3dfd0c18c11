//! `duplicate_policy`

use crate::Oid;
use crate::facts::{Condition, Policy, PolicyCommand};
use crate::lint::Severity;
use crate::lint::found::Found;
use crate::lint::rules::Rule;
use crate::lint::scope::{Scope, drop_policy};

pub(crate) const RULE: Rule = Rule {
    id: "duplicate_policy",
    severity: Severity::Warning,
    why: "Two policies that say the same: whoever changes one will be surprised by the other.",
    check,
};

fn check(scope: &Scope<'_, '_>, found: &mut Vec<Found>) {
    for table in scope.tables() {
        let policies = scope.facts().policies_of(table.oid);
        for (index, policy) in policies.iter().enumerate() {
            if let Some(earlier) = policies[..index].iter().find(|it| same(scope, table.oid, it, policy)) {
                let message = format!("the policy says the same as `{}`", earlier.name);
                found.push(Found::new(table.qualified(), message).policy(&policy.name).fix(drop_policy(table, policy)));
            }
        }
    }
}

/// Whether two policies are for the same and admit the same rows, in whatever words.
fn same(scope: &Scope<'_, '_>, table: Oid, left: &Policy, right: &Policy) -> bool {
    let key = |it: &Policy| {
        let mut roles = it.roles.clone();
        roles.sort();
        (it.command, it.permissive, roles)
    };
    let equal = |left: Option<&Condition>, right: Option<&Condition>| match (left, right) {
        (None, None) => true,
        (Some(left), Some(right)) => {
            let (left, right) = (Some(&left.expr), Some(&right.expr));
            scope.implies(left, right, table) && scope.implies(right, left, table)
        }
        _ => false,
    };
    let writes = left.command != PolicyCommand::Select && left.command != PolicyCommand::Delete;
    key(left) == key(right)
        && equal(left.using.as_ref(), right.using.as_ref())
        && (!writes || equal(left.check(), right.check()))
}
