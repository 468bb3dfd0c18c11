//! `policy_function_recursion`

use crate::lint::Severity;
use crate::lint::found::Found;
use crate::lint::rules::Rule;
use crate::lint::scope::Scope;
use crate::recursion::{Recursion, Through};

pub(crate) const RULE: Rule = Rule {
    id: "policy_function_recursion",
    severity: Severity::Error,
    why: "Every statement on the table runs into the limit of the stack, 54001.",
    check,
};

fn check(scope: &Scope<'_, '_>, found: &mut Vec<Found>) {
    let recursion = Recursion::new(scope.access);
    for table in scope.protected() {
        let cycle =
            scope.roles_of(table).into_iter().find_map(|role| recursion.of_table(role, table.oid, Through::Functions));
        if let Some(cycle) = cycle {
            let names: Vec<String> = cycle.tables.iter().map(|it| scope.facts().relation_name(*it)).collect();
            let message = format!(
                "{} fails with 54001 (stack depth): a function that a policy calls reads {}. SECURITY DEFINER, owned by a role that row \
                 security does not bind, ends it",
                cycle.command.as_str(),
                names.join(", which reads ")
            );
            let mut one = Found::new(table.qualified(), message).policy(&cycle.policy).role(scope.role(cycle.role));
            let function = cycle.function.and_then(|it| scope.facts().functions.get(&it));
            if let Some(function) = function.filter(|it| !it.security_definer) {
                let name = function.quoted();
                one = one.fix(format!(
                    "alter function {name} security definer;\nalter function {name} set search_path = '';"
                ));
            }
            found.push(one);
        }
    }
}
