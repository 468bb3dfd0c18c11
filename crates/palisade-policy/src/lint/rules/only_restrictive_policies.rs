//! `only_restrictive_policies`

use crate::lint::Severity;
use crate::lint::found::Found;
use crate::lint::rules::Rule;
use crate::lint::scope::Scope;

pub(crate) const RULE: Rule = Rule {
    id: "only_restrictive_policies",
    severity: Severity::Warning,
    why: "A restrictive policy takes away from what permissive ones give: without one, nothing is ever admitted.",
    check,
};

fn check(scope: &Scope<'_, '_>, found: &mut Vec<Found>) {
    for table in scope.protected() {
        let policies = scope.facts().policies_of(table.oid);
        if let [first, ..] = policies
            && policies.iter().all(|it| !it.permissive)
        {
            let message = "all policies are restrictive, and they only take away: without a permissive one nothing is ever admitted";
            found.push(Found::new(table.qualified(), message).policy(&first.name));
        }
    }
}
