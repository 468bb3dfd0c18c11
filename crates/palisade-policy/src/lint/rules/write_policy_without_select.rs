//! `write_policy_without_select`

use crate::Oid;
use crate::facts::PolicyCommand;
use crate::lint::Severity;
use crate::lint::found::Found;
use crate::lint::rules::Rule;
use crate::lint::scope::Scope;
use palisade_sql::quote_ident;

pub(crate) const RULE: Rule = Rule {
    id: "write_policy_without_select",
    severity: Severity::Warning,
    why: "A statement with a WHERE or RETURNING needs the SELECT policies as well, and sees nothing without one.",
    check,
};

fn check(scope: &Scope<'_, '_>, found: &mut Vec<Found>) {
    let writes = [PolicyCommand::Update, PolicyCommand::Delete];
    let policies =
        scope.policies().filter(|(table, it)| table.row_security && it.permissive && writes.contains(&it.command));
    for (table, policy) in policies {
        let blind =
            |role: &Oid| scope.access.policies(*role, table.oid, PolicyCommand::Select).all(|it| !it.permissive);
        let roles: Vec<Oid> = scope.subjects(policy).into_iter().filter(blind).collect();
        if roles.is_empty() {
            continue;
        }
        let names = scope.names(&roles);
        let command = policy.command.as_str();
        let message = format!(
            "{names} has no policy for SELECT: an {command} with a WHERE or RETURNING reaches nothing, and one without both works"
        );
        let fix = format!(
            "create policy {} on {} for select to {} using ({});",
            quote_ident(&format!("{} (select)", policy.name)),
            table.quoted(),
            scope.quoted_roles(&roles),
            policy.using.as_ref().map_or("true", |it| it.sql.as_str())
        );
        found.push(Found::new(table.qualified(), message).policy(&policy.name).role(names).fix(fix));
    }
}
