//! `duplicate_policy`

use crate::facts::Policy;
use crate::lint::Severity;
use crate::lint::found::Found;
use crate::lint::rules::Rule;
use crate::lint::scope::Scope;

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
            if let Some(earlier) = policies[..index].iter().find(|it| same(it, policy)) {
                let message = format!("the policy says the same as `{}`", earlier.name);
                found.push(
                    Found::new(table.qualified(), message).policy(&policy.name).fix(scope.drop_policy(table, policy)),
                );
            }
        }
    }
}

fn same(left: &Policy, right: &Policy) -> bool {
    let key = |it: &Policy| {
        let mut roles = it.roles.clone();
        roles.sort();
        let exprs = [&it.using, &it.with_check].map(|it| it.as_ref().map(|it| it.expr.clone()));
        (it.command, it.permissive, roles, exprs)
    };
    key(left) == key(right)
}
