//! `truncate_granted`

use crate::Oid;
use crate::facts::Privilege;
use crate::lint::Severity;
use crate::lint::found::Found;
use crate::lint::rules::Rule;
use crate::lint::scope::Scope;

pub(crate) const RULE: Rule = Rule {
    id: "truncate_granted",
    severity: Severity::Error,
    why: "TRUNCATE removes all rows, and row security never filters it.",
    check,
};

fn check(scope: &Scope<'_, '_>, found: &mut Vec<Found>) {
    for table in scope.tables() {
        let holders = scope.holders(table, &[Privilege::Truncate]);
        if holders.is_empty() {
            continue;
        }
        let names = scope.names(&holders);
        let message = format!("{names} may TRUNCATE, which removes the rows of everybody and which no policy filters");
        let fix = format!("revoke truncate on {} from {};", table.quoted(), grantees(scope, table, &holders));
        found.push(Found::new(table.qualified(), message).role(names).fix(fix));
    }
}

/// From whom to take it: the roles that it was granted to.
fn grantees(scope: &Scope<'_, '_>, table: &crate::facts::Relation, holders: &[Oid]) -> String {
    let grants = table.grants.iter().filter(|it| it.privilege == Privilege::Truncate);
    let given = |grantee: Oid| holders.iter().any(|it| scope.access.rights.has_rights_of(*it, grantee));
    let mut roles: Vec<Oid> = grants.map(|it| it.grantee).filter(|it| given(*it)).collect();
    roles.sort();
    roles.dedup();
    scope.quoted_roles(&roles)
}
