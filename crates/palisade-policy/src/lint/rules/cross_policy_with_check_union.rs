//! `cross_policy_with_check_union`

use crate::expr::Expr;
use crate::facts::{Policy, PolicyCommand, Relation};
use crate::lint::Severity;
use crate::lint::found::Found;
use crate::lint::rules::Rule;
use crate::lint::scope::Scope;

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
                // What depends on the caller alone, and lets it reach the row as well, gives nothing that it has not.
                let may_anyhow = other_check.own_columns().is_empty()
                    && scope.implies(Some(&other_check), Some(&other_rows), table.oid);
                let reached_otherwise = scope.implies(Some(&rows), Some(&other_rows), table.oid);
                let floored = with_floors(scope, table, guard, &other_check);
                let guarded_otherwise = scope.implies(Some(&floored), Some(&check), table.oid);
                let unbinds = scope.is_bound(&check, table.oid) && !scope.is_bound(&other_check, table.oid);
                let explicit = guard.with_check.as_ref().is_some_and(|it| Some(it) != guard.using.as_ref());
                if may_anyhow || reached_otherwise || guarded_otherwise || !(unbinds || explicit) {
                    continue;
                }
                let message = format!(
                    "a row that this policy lets the caller change may become what the check of `{}` admits: the check of this policy \
                     guards nothing. \
                     What has to hold for every new row belongs into a restrictive policy",
                    other.name
                );
                found.push(Found::new(table.qualified(), message).policy(&guard.name));
            }
        }
    }
}

/// A check, and what restrictive policies ask of the new row of whomever the policy is for.
fn with_floors(scope: &Scope<'_, '_>, table: &Relation, policy: &Policy, check: &Expr) -> Expr {
    let subjects = scope.subjects(policy);
    let for_all = |floor: &&Policy| subjects.iter().all(|it| scope.access.binds(floor, *it));
    let floors = scope.facts().policies_of(table.oid).iter();
    let floors = floors.filter(|it| !it.permissive && it.command.covers(PolicyCommand::Update)).filter(for_all);
    let floors = floors.filter_map(|it| it.check()).map(|it| it.expr.clone());
    Expr::And(std::iter::once(check.clone()).chain(floors).collect())
}
