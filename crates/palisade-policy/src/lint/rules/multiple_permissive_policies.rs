//! `multiple_permissive_policies`

use crate::Oid;
use crate::facts::Policy;
use crate::lint::Severity;
use crate::lint::found::Found;
use crate::lint::rules::Rule;
use crate::lint::scope::COMMANDS;
use crate::lint::scope::Scope;
use std::collections::BTreeMap;

pub(crate) const RULE: Rule = Rule {
    id: "multiple_permissive_policies",
    severity: Severity::Warning,
    why: "All permissive policies for a role and command are asked for every row; one policy with OR says the same.",
    check,
};

fn check(scope: &Scope<'_, '_>, found: &mut Vec<Found>) {
    for table in scope.protected() {
        let mut several: BTreeMap<Vec<&str>, (Vec<&str>, Vec<Oid>)> = BTreeMap::new();
        for role in scope.roles_of(table) {
            for command in COMMANDS.into_iter().filter(|it| scope.may(role, table, *it)) {
                let policies: Vec<&Policy> =
                    scope.access.policies(role, table.oid, command).filter(|it| it.permissive).collect();
                if policies.len() > 1 {
                    let names = policies.iter().map(|it| it.name.as_str()).collect();
                    let (commands, roles) = several.entry(names).or_default();
                    if !commands.contains(&command.as_str()) {
                        commands.push(command.as_str());
                    }
                    if !roles.contains(&role) {
                        roles.push(role);
                    }
                }
            }
        }
        for (policies, (commands, roles)) in several {
            let names = scope.names(&roles);
            let message = format!(
                "{} policies are asked for {} by {names}: `{}`",
                policies.len(),
                commands.join(", "),
                policies.join("`, `")
            );
            found.push(Found::new(table.qualified(), message).policy(policies[0]).role(names));
        }
    }
}
