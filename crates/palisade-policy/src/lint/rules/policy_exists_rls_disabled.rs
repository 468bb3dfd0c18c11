//! `policy_exists_rls_disabled`

use crate::lint::Severity;
use crate::lint::found::Found;
use crate::lint::rules::Rule;
use crate::lint::scope::Scope;

pub(crate) const RULE: Rule = Rule {
    id: "policy_exists_rls_disabled",
    severity: Severity::Error,
    why: "Policies do nothing while row security is off.",
    check,
};

fn check(scope: &Scope<'_, '_>, found: &mut Vec<Found>) {
    for table in scope.tables().filter(|it| !it.row_security) {
        let policies = scope.facts().policies_of(table.oid);
        if let [first, ..] = policies {
            let names: Vec<String> = policies.iter().map(|it| format!("`{}`", it.name)).collect();
            let message = format!("row security is off, so that {} decide nothing", names.join(", "));
            let fix = format!("alter table {} enable row level security;", table.quoted());
            found.push(Found::new(table.qualified(), message).policy(&first.name).fix(fix));
        }
    }
}
