//! `insert_without_select`

use crate::Oid;
use crate::facts::PolicyCommand;
use crate::lint::Severity;
use crate::lint::found::Found;
use crate::lint::rules::Rule;
use crate::lint::scope::Scope;

pub(crate) const RULE: Rule = Rule {
    id: "insert_without_select",
    severity: Severity::Info,
    why: "RETURNING and ON CONFLICT need the SELECT policies for the new row, too.",
    check,
};

fn check(scope: &Scope<'_, '_>, found: &mut Vec<Found>) {
    let inserts = scope
        .policies()
        .filter(|(table, it)| table.row_security && it.permissive && it.command == PolicyCommand::Insert);
    for (table, policy) in inserts {
        let blind =
            |role: &Oid| scope.access.policies(*role, table.oid, PolicyCommand::Select).all(|it| !it.permissive);
        let roles: Vec<Oid> = scope.subjects(policy).into_iter().filter(blind).collect();
        if !roles.is_empty() {
            let names = scope.names(&roles);
            let message = format!(
                "{names} may insert and has no policy for SELECT: RETURNING and ON CONFLICT fail, client libraries use both"
            );
            found.push(Found::new(table.qualified(), message).policy(&policy.name).role(names));
        }
    }
}
