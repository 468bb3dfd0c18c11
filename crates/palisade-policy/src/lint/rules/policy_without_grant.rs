//! `policy_without_grant`

use crate::Oid;
use crate::facts::{PolicyCommand, Relation};
use crate::lint::Severity;
use crate::lint::found::Found;
use crate::lint::rules::Rule;
use crate::lint::scope::Scope;
use crate::lint::scope::{COMMANDS, privilege};
use palisade_sql::quote_ident;

pub(crate) const RULE: Rule = Rule {
    id: "policy_without_grant",
    severity: Severity::Warning,
    why: "Without a privilege the policy is never asked: the role gets 42501, not an empty result.",
    check,
};

fn check(scope: &Scope<'_, '_>, found: &mut Vec<Found>) {
    for (table, policy) in scope.policies().filter(|(_, it)| it.permissive) {
        let commands: Vec<_> = COMMANDS.into_iter().filter(|it| policy.command.covers(*it)).collect();
        let holds = |role: &Oid| {
            let mut own = std::iter::once(*role).chain(members(scope, *role));
            own.any(|it| commands.iter().any(|command| scope.may(it, table, *command)))
        };
        let subjects = scope.subjects(policy);
        let without: Vec<Oid> = subjects.iter().filter(|it| !holds(it)).copied().collect();
        // A policy for everybody is for those who may.
        let for_all = policy.roles.contains(&Oid::NONE);
        if without.is_empty() || for_all && (without.len() < subjects.len() || used_by_others(scope, table, &commands))
        {
            continue;
        }
        let names = scope.names(&without);
        let message = format!(
            "the policy is for {names}, who may not {} this table: they get 42501, whatever the policy says",
            policy.command.as_str()
        );
        let rights: Vec<String> = commands.iter().map(|it| privilege(*it).as_str().to_lowercase()).collect();
        let usage = format!("grant usage on schema {} to ", quote_ident(&table.schema_name));
        let roles = scope.quoted_roles(&without);
        let fix = if without.iter().any(|it| !scope.access.rights.may_use_schema(scope.facts(), *it, table.schema)) {
            format!("{usage}{roles};\ngrant {} on {} to {roles};", rights.join(", "), table.quoted())
        } else {
            format!("grant {} on {} to {roles};", rights.join(", "), table.quoted())
        };
        found.push(Found::new(table.qualified(), message).policy(&policy.name).role(names).fix(fix));
    }
}

/// Whether anybody else holds the right whom row security binds.
fn used_by_others(scope: &Scope<'_, '_>, table: &Relation, commands: &[PolicyCommand]) -> bool {
    let bound = |role: &Oid| scope.access.is_filtered(*role, table) && !scope.role(*role).starts_with("pg_");
    let mut others = scope.facts().roles.keys().filter(|it| bound(it));
    others.any(|it| commands.iter().any(|command| scope.may(*it, table, *command)))
}

/// Those who have the rights of a group.
fn members(scope: &Scope<'_, '_>, group: Oid) -> impl Iterator<Item = Oid> {
    let facts = scope.facts();
    facts.roles.keys().copied().filter(move |it| *it != group && scope.access.rights.has_rights_of(*it, group))
}
