//! `policy_reads_unreadable_table`

use crate::Oid;
use crate::facts::Privilege;
use crate::lint::Severity;
use crate::lint::found::Found;
use crate::lint::rules::Rule;
use crate::lint::scope::COMMANDS;
use crate::lint::scope::Scope;
use std::collections::BTreeSet;

pub(crate) const RULE: Rule = Rule {
    id: "policy_reads_unreadable_table",
    severity: Severity::Error,
    why: "Every statement that the policy is asked for fails with 42501.",
    check,
};

fn check(scope: &Scope<'_, '_>, found: &mut Vec<Found>) {
    for (table, policy) in scope.policies().filter(|(table, _)| table.row_security) {
        let read: BTreeSet<Oid> = policy.conditions().flat_map(|it| it.expr.relations()).collect();
        for inner in read.iter().filter_map(|it| scope.facts().relations.get(it)) {
            let asked =
                |role: &Oid| COMMANDS.iter().any(|it| policy.command.covers(*it) && scope.may(*role, table, *it));
            let denied = |role: &Oid| {
                // The schema of a resolved name is not asked for.
                let columns = inner.columns.iter().flat_map(|it| &it.grants);
                let grants: Vec<_> = inner.grants.iter().chain(columns).copied().collect();
                !scope.access.rights.holds(*role, &grants, Privilege::Select)
            };
            let roles: Vec<Oid> = scope.subjects(policy).into_iter().filter(|it| asked(it) && denied(it)).collect();
            if roles.is_empty() {
                continue;
            }
            let names = scope.names(&roles);
            let message = format!(
                "the policy reads {}, which {names} may not: every statement fails with 42501",
                inner.qualified()
            );
            let fix = format!("grant select on {} to {};", scope.quoted(inner), scope.quoted_roles(&roles));
            found.push(Found::new(table.qualified(), message).policy(&policy.name).role(names).fix(fix));
        }
    }
}
