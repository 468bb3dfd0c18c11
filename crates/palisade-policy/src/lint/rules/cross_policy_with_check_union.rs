//! `cross_policy_with_check_union`

use crate::Oid;
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

/// A policy that lets rows be changed, and what it asks of them.
struct Write<'f> {
    policy: &'f Policy,
    rows: &'f Expr,
    check: &'f Expr,
    /// Whether it has a check of its own.
    explicit: bool,
    /// Whether its check holds for no row without the caller.
    bound: bool,
    subjects: Vec<Oid>,
}

fn check(scope: &Scope<'_, '_>, found: &mut Vec<Found>) {
    for table in scope.protected() {
        let writes: Vec<Write<'_>> =
            scope.facts().policies_of(table.oid).iter().filter_map(|it| write(scope, table, it)).collect();
        for guard in &writes {
            for other in writes.iter().filter(|other| voids(scope, table, guard, other)) {
                let message = format!(
                    "a row that this policy lets the caller change may become what the check of `{}` admits: the check of this policy \
                     guards nothing. What has to hold for every new row belongs into a restrictive policy",
                    other.policy.name
                );
                found.push(Found::new(table.qualified(), message).policy(&guard.policy.name));
            }
        }
    }
}

fn write<'f>(scope: &Scope<'_, 'f>, table: &Relation, policy: &'f Policy) -> Option<Write<'f>> {
    if !policy.permissive || !policy.command.covers(PolicyCommand::Update) {
        return None;
    }
    let (rows, check) = (&policy.using.as_ref()?.expr, &policy.check()?.expr);
    Some(Write {
        policy,
        rows,
        check,
        explicit: policy.with_check.as_ref().is_some_and(|it| Some(it) != policy.using.as_ref()),
        bound: scope.is_bound(check, table.oid),
        subjects: scope.subjects(policy),
    })
}

/// Whether rows of `guard` may become what its own check forbids, because `other` admits them. What is cheap to know comes first:
/// every policy is asked about with every other one.
fn voids(scope: &Scope<'_, '_>, table: &Relation, guard: &Write<'_>, other: &Write<'_>) -> bool {
    let unbinds = guard.bound && !other.bound;
    if other.policy.name == guard.policy.name || !(unbinds || guard.explicit) {
        return false;
    }
    let together = guard.subjects.iter().any(|it| scope.access.binds(other.policy, *it));
    if !together || scope.implies(Some(guard.rows), Some(other.rows), table.oid) {
        return false;
    }
    // What depends on the caller alone, and lets it reach the row as well, gives nothing that it has not.
    let may_anyhow =
        other.check.own_columns().is_empty() && scope.implies(Some(other.check), Some(other.rows), table.oid);
    let floored = with_floors(scope, table, guard, other.check);
    !may_anyhow && !scope.implies(Some(&floored), Some(guard.check), table.oid)
}

/// A check, and what restrictive policies ask of the new row of whomever the policy is for.
fn with_floors(scope: &Scope<'_, '_>, table: &Relation, guard: &Write<'_>, check: &Expr) -> Expr {
    let for_all = |floor: &&Policy| guard.subjects.iter().all(|it| scope.access.binds(floor, *it));
    let floors = scope.facts().policies_of(table.oid).iter();
    let floors = floors.filter(|it| !it.permissive && it.command.covers(PolicyCommand::Update)).filter(for_all);
    let floors = floors.filter_map(|it| it.check()).map(|it| it.expr.clone());
    Expr::And(std::iter::once(check.clone()).chain(floors).collect())
}
