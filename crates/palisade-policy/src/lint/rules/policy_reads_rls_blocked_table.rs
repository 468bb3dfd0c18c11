//! `policy_reads_rls_blocked_table`

use crate::Oid;
use crate::facts::{PolicyCommand, Privilege};
use crate::lint::Severity;
use crate::lint::found::Found;
use crate::lint::rules::Rule;
use crate::lint::scope::Scope;
use std::collections::BTreeSet;

pub(crate) const RULE: Rule = Rule {
    id: "policy_reads_rls_blocked_table",
    severity: Severity::Warning,
    why: "The policy looks into a table that shows this role nothing: it never finds anything.",
    check,
};

fn check(scope: &Scope<'_, '_>, found: &mut Vec<Found>) {
    for (table, policy) in scope.policies().filter(|(table, _)| table.row_security) {
        let read: BTreeSet<Oid> = policy.conditions().flat_map(|it| it.expr.relations()).collect();
        for inner in read.iter().filter_map(|it| scope.facts().relations.get(it)) {
            let blocked = |role: &Oid| {
                scope.access.is_filtered(*role, inner)
                    && scope.access.may(*role, inner, Privilege::Select)
                    && !scope.reaches(*role, inner, PolicyCommand::Select)
            };
            let roles: Vec<Oid> = scope.subjects(policy).into_iter().filter(|it| blocked(it)).collect();
            if roles.is_empty() {
                continue;
            }
            let names = scope.names(&roles);
            let message =
                format!("the policy reads {}, whose own row security shows {names} no row", inner.qualified());
            found.push(Found::new(table.qualified(), message).policy(&policy.name).role(names));
        }
    }
}
