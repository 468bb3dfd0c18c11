//! `rls_enabled_no_policy`

use crate::lint::Severity;
use crate::lint::found::Found;
use crate::lint::rules::Rule;
use crate::lint::scope::Scope;

pub(crate) const RULE: Rule = Rule {
    id: "rls_enabled_no_policy",
    severity: Severity::Info,
    why: "Row security without a policy admits nothing: reads are empty, writes fail.",
    check,
};

fn check(scope: &Scope<'_, '_>, found: &mut Vec<Found>) {
    for table in scope.protected().filter(|it| scope.facts().policies_of(it.oid).is_empty()) {
        let message = "row security is on and there is no policy: reads are empty, inserts fail";
        found.push(Found::new(table.qualified(), message));
    }
}
