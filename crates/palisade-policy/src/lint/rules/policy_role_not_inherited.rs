//! `policy_role_not_inherited`

use crate::Oid;
use crate::facts::Privilege;
use crate::lint::Severity;
use crate::lint::found::Found;
use crate::lint::rules::Rule;
use crate::lint::scope::Scope;

pub(crate) const RULE: Rule = Rule {
    id: "policy_role_not_inherited",
    severity: Severity::Warning,
    why: "Policies bind those who have the rights of the role: a member that does not inherit is none of them.",
    check,
};

fn check(scope: &Scope<'_, '_>, found: &mut Vec<Found>) {
    const ROWS: [Privilege; 4] = [Privilege::Select, Privilege::Insert, Privilege::Update, Privilege::Delete];
    let facts = scope.facts();
    for (table, policy) in scope.policies().filter(|(_, it)| !it.roles.contains(&Oid::NONE)) {
        // Requests of the API become a role by SET ROLE, and are that role then.
        let groups = policy.roles.iter().filter(|it| !scope.application.contains(it));
        for group in groups {
            let members = facts.memberships.iter().filter(|it| it.group == *group && !it.inherits).map(|it| it.member);
            for member in members {
                let bound = scope.access.binds(policy, member);
                let exempt = facts.roles.get(&member).is_none_or(|it| it.superuser || it.bypasses);
                if bound || exempt || !ROWS.iter().any(|it| scope.access.may(member, table, *it)) {
                    continue;
                }
                let (group, member) = (scope.role(*group), scope.role(member));
                let message = format!(
                    "{member} is a member of {group} and does not inherit it: the policy does not bind {member}"
                );
                let fix = format!("alter role {} inherit;", palisade_sql::quote_ident(&member));
                found.push(Found::new(table.qualified(), message).policy(&policy.name).role(member).fix(fix));
            }
        }
    }
}
