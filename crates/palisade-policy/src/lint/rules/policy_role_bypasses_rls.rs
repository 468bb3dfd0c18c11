//! `policy_role_bypasses_rls`

use crate::Oid;
use crate::lint::Severity;
use crate::lint::found::Found;
use crate::lint::rules::Rule;
use crate::lint::scope::{Scope, drop_policy};

pub(crate) const RULE: Rule = Rule {
    id: "policy_role_bypasses_rls",
    severity: Severity::Warning,
    why: "A role with BYPASSRLS is never asked for policies.",
    check,
};

fn check(scope: &Scope<'_, '_>, found: &mut Vec<Found>) {
    for (table, policy) in scope.policies() {
        let bypasses = |it: &&Oid| scope.facts().roles.get(it).is_some_and(|it| it.bypasses || it.superuser);
        let roles: Vec<Oid> = policy.roles.iter().filter(bypasses).copied().collect();
        if roles.is_empty() {
            continue;
        }
        let names = scope.names(&roles);
        let message = format!("{names} bypasses row security: the policy has no effect on it");
        let mut one = Found::new(table.qualified(), message).policy(&policy.name).role(names);
        if roles.len() == policy.roles.len() {
            one = one.fix(drop_policy(table, policy));
        }
        found.push(one);
    }
}
