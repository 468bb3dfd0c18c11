//! `permissive_always_true_write`

use crate::Oid;
use crate::facts::{Policy, PolicyCommand, Relation};
use crate::lint::Severity;
use crate::lint::found::Found;
use crate::lint::rules::Rule;
use crate::lint::scope::COMMANDS;
use crate::lint::scope::Scope;

pub(crate) const RULE: Rule = Rule {
    id: "permissive_always_true_write",
    severity: Severity::Error,
    why: "Whoever the policy is for writes any row of anybody.",
    check,
};

fn check(scope: &Scope<'_, '_>, found: &mut Vec<Found>) {
    for (table, policy) in scope.policies().filter(|(table, it)| table.row_security && it.permissive) {
        let decisive = match policy.command {
            PolicyCommand::Select => continue,
            PolicyCommand::Insert => policy.check(),
            PolicyCommand::All | PolicyCommand::Update | PolicyCommand::Delete => policy.using.as_ref(),
        };
        if !decisive.is_some_and(|it| scope.is_always(&it.expr, table.oid)) {
            continue;
        }
        let writes: Vec<PolicyCommand> =
            COMMANDS.into_iter().filter(|it| *it != PolicyCommand::Select && policy.command.covers(*it)).collect();
        let open =
            |role: &Oid| writes.iter().any(|it| scope.may(*role, table, *it) && !has_floor(scope, table, *role, *it));
        let roles: Vec<Oid> =
            scope.subjects(policy).into_iter().filter(|it| scope.api.contains(it) && open(it)).collect();
        if roles.is_empty() {
            continue;
        }
        let names = scope.names(&roles);
        let message = if policy.command == PolicyCommand::Insert {
            format!("the check is always true: {names} may add rows in anybody's name")
        } else {
            format!("the condition is always true: {names} may {} every row", words(&writes))
        };
        let fix = if policy.roles.contains(&Oid::NONE) && policy.name.to_lowercase().contains("service") {
            format!(
                "-- the service role bypasses row security and needs no policy\n{}",
                scope.drop_policy(table, policy)
            )
        } else {
            let clause = if policy.command == PolicyCommand::Insert { "with check" } else { "using" };
            format!(
                "-- with the column that names the owner of a row\nalter policy {} on {} {clause} (user_id = (select auth.uid()));",
                palisade_sql::quote_ident(&policy.name),
                scope.quoted(table)
            )
        };
        found.push(Found::new(table.qualified(), message).policy(&policy.name).role(names).fix(fix));
    }
}

fn words(commands: &[PolicyCommand]) -> String {
    commands.iter().map(|it| it.as_str()).collect::<Vec<_>>().join(", ")
}

/// Whether a restrictive policy narrows a write.
fn has_floor(scope: &Scope<'_, '_>, table: &Relation, role: Oid, command: PolicyCommand) -> bool {
    let floors = scope.access.policies(role, table.oid, command).filter(|it: &&Policy| !it.permissive);
    let decides = |it: &Policy| {
        let condition = if command == PolicyCommand::Insert { it.check() } else { it.using.as_ref() };
        condition.is_some_and(|it| !scope.is_always(&it.expr, table.oid))
    };
    floors.into_iter().any(decides)
}
