//! `policy_recursion`

use crate::lint::Severity;
use crate::lint::found::Found;
use crate::lint::rules::Rule;
use crate::lint::scope::Scope;
use crate::recursion::{Recursion, Through};

pub(crate) const RULE: Rule = Rule {
    id: "policy_recursion",
    severity: Severity::Error,
    why: "Every statement on the table fails with 42P17.",
    check,
};

fn check(scope: &Scope<'_, '_>, found: &mut Vec<Found>) {
    let recursion = Recursion::new(scope.access);
    for table in scope.protected() {
        let cycle =
            scope.roles_of(table).into_iter().find_map(|role| recursion.of_table(role, table.oid, Through::SubSelects));
        if let Some(cycle) = cycle {
            let names: Vec<String> = cycle.tables.iter().map(|it| scope.facts().relation_name(*it)).collect();
            let message = format!(
                "{} fails with 42P17 (infinite recursion): policies read {}. A SECURITY DEFINER function in between ends it",
                cycle.command.as_str(),
                names.join(", which reads ")
            );
            found.push(Found::new(table.qualified(), message).policy(&cycle.policy).role(scope.role(cycle.role)));
        }
    }
}
