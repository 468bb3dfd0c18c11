//! `cross_policy_with_check_union`

use crate::facts::{Policy, PolicyCommand};
use crate::lint::Severity;
use crate::lint::found::Found;
use crate::lint::rules::Rule;
use crate::lint::scope::Scope;
use palisade_sql::quote_ident;

pub(crate) const RULE: Rule = Rule {
    id: "cross_policy_with_check_union",
    severity: Severity::Error,
    why: "Permissive policies are combined clause by clause: a row that one policy admits may become what another one allows.",
    check,
};

fn check(scope: &Scope<'_, '_>, found: &mut Vec<Found>) {
    for table in scope.protected() {
        let writes: Vec<&Policy> = scope
            .facts()
            .policies_of(table.oid)
            .iter()
            .filter(|it| it.permissive && it.command.covers(PolicyCommand::Update))
            .collect();
        for guard in &writes {
            let together = |other: &&&Policy| {
                other.name != guard.name && scope.subjects(guard).iter().any(|it| scope.access.binds(other, *it))
            };
            for other in writes.iter().filter(together) {
                let expr = |it: Option<&'_ crate::facts::Condition>| it.map(|it| it.expr.clone());
                let (Some(rows), Some(check)) = (expr(guard.using.as_ref()), expr(guard.check())) else { continue };
                let (Some(other_rows), Some(other_check)) = (expr(other.using.as_ref()), expr(other.check())) else {
                    continue;
                };
                let reached_otherwise = scope.implies(Some(&rows), Some(&other_rows), table.oid);
                let guarded_otherwise = scope.implies(Some(&other_check), Some(&check), table.oid);
                let unbinds = scope.is_bound(&check, table.oid) && !scope.is_bound(&other_check, table.oid);
                let explicit = guard.with_check.as_ref().is_some_and(|it| Some(it) != guard.using.as_ref());
                if reached_otherwise || guarded_otherwise || !(unbinds || explicit) {
                    continue;
                }
                let message = format!(
                    "a row that this policy lets the caller change may become what the check of `{}` admits: the check of this policy \
                     guards nothing",
                    other.name
                );
                let fix = format!(
                    "-- a floor for every UPDATE, whichever policy admits it\ncreate policy {} on {} as restrictive for update to {} \
                     using (true) with check ({});",
                    quote_ident(&format!("{} (floor)", guard.name)),
                    scope.quoted(table),
                    scope.quoted_roles(&guard.roles),
                    guard.check().map_or("", |it| it.sql.as_str())
                );
                found.push(Found::new(table.qualified(), message).policy(&guard.name).fix(fix));
            }
        }
    }
}
