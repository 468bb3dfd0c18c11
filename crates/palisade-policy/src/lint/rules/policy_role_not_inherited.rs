//! `policy_role_not_inherited`

use crate::Oid;
use crate::facts::{Facts, Membership, Privilege};
use crate::lint::Severity;
use crate::lint::found::Found;
use crate::lint::rules::Rule;
use crate::lint::scope::Scope;
use std::collections::BTreeMap;

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
            for (member, broken) in members(facts, *group) {
                let bound = scope.access.binds(policy, member);
                let exempt = facts.roles.get(&member).is_none_or(|it| it.superuser || it.bypasses);
                if bound || exempt || !ROWS.iter().any(|it| scope.access.may(member, table, *it)) {
                    continue;
                }
                let (group, member) = (scope.role(*group), scope.role(member));
                let message = format!(
                    "{member} is a member of {group} and does not inherit it: the policy does not bind {member}"
                );
                let [from, to] = [broken.group, broken.member].map(|it| scope.quoted_roles(&[it]));
                // Since version 16 it is the membership that inherits, not the role.
                let fix = if facts.version >= 160_000 {
                    format!("grant {from} to {to} with inherit true;")
                } else {
                    format!("alter role {to} inherit;")
                };
                found.push(Found::new(table.qualified(), message).policy(&policy.name).role(member).fix(fix));
            }
        }
    }
}

/// The members of a group, through other groups too, with the membership by which each fails to inherit it.
fn members(facts: &Facts, group: Oid) -> BTreeMap<Oid, &Membership> {
    let mut found: BTreeMap<Oid, &Membership> = BTreeMap::new();
    let mut left: Vec<(Oid, Option<&Membership>)> = vec![(group, None)];
    while let Some((group, broken)) = left.pop() {
        for membership in facts.memberships.iter().filter(|it| it.group == group) {
            let broken = if membership.inherits { broken } else { Some(membership) };
            if let Some(broken) = broken
                && found.insert(membership.member, broken).is_some()
            {
                continue;
            }
            left.push((membership.member, broken));
        }
    }
    found
}
