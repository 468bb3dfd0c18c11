//! `nonleakproof_index_under_rls`

use crate::lint::Severity;
use crate::lint::found::Found;
use crate::lint::rules::Rule;
use crate::lint::scope::Scope;

pub(crate) const RULE: Rule = Rule {
    id: "nonleakproof_index_under_rls",
    severity: Severity::Info,
    why: "Under row security only leakproof operators may be asked before the policies: others wait, and with them their index.",
    check,
};

fn check(scope: &Scope<'_, '_>, found: &mut Vec<Found>) {
    for table in scope.protected().filter(|it| !scope.facts().policies_of(it.oid).is_empty()) {
        for index in scope.facts().indexes_of(table.oid) {
            if let Some(operator) = &index.leaky_operator {
                let message = format!(
                    "the index `{}` ({}) cannot be searched under row security: its operator {operator} is not leakproof",
                    index.name, index.method
                );
                found.push(Found::new(table.qualified(), message));
            }
        }
    }
}
