//! `self_escalation_column`

use crate::Oid;
use crate::expr::Expr;
use crate::expr::{Query, RangeEntry};
use crate::facts::{Policy, PolicyCommand, Relation};
use crate::lint::Severity;
use crate::lint::found::Found;
use crate::lint::rules::Rule;
use crate::lint::scope::Scope;
use crate::lint::scope::{columns_at, equality};
use std::collections::{BTreeMap, BTreeSet};

pub(crate) const RULE: Rule = Rule {
    id: "self_escalation_column",
    severity: Severity::Error,
    why: "Whoever may write what a policy trusts decides about their own rights.",
    check,
};

fn check(scope: &Scope<'_, '_>, found: &mut Vec<Found>) {
    for (table, policy) in scope.policies().filter(|(_, it)| it.permissive) {
        let mut trusted: BTreeMap<Oid, BTreeSet<i32>> = BTreeMap::new();
        for condition in policy.conditions() {
            condition.expr.walk_queries(&mut |query, _| add_trusted(scope, query, &mut trusted));
            add_trusted_by_functions(scope, &condition.expr, &mut trusted);
        }
        for (relation, columns) in trusted {
            let Some(inner) = scope.facts().relations.get(&relation) else { continue };
            for role in scope.subjects(policy) {
                if let Some((command, column)) = writable(scope, role, inner, &columns) {
                    let message = format!(
                        "the policy trusts `{column}` of {}, which {} may {command} itself",
                        inner.qualified(),
                        scope.role(role)
                    );
                    let fix = format!(
                        "-- then grant it again for the columns that users may write\nrevoke {} on {} from {};",
                        command.to_lowercase(),
                        inner.quoted(),
                        scope.quoted_roles(&[role])
                    );
                    found.push(
                        Found::new(table.qualified(), message).policy(&policy.name).role(scope.role(role)).fix(fix),
                    );
                    break;
                }
            }
        }
    }
}

/// The columns that a query about the caller decides by; not those that say that a row is the caller's.
fn add_trusted(scope: &Scope<'_, '_>, query: &Query, trusted: &mut BTreeMap<Oid, BTreeSet<i32>>) {
    let bodies = &scope.access.bodies;
    let of_caller = query.conditions.iter().filter(|it| bodies.mentions_caller(it));
    let mut keys: BTreeSet<(usize, i32)> = BTreeSet::new();
    for condition in of_caller {
        keys.extend(columns_at(condition, 0));
    }
    // `auth.uid() in (select uid from …)` has the caller outside.
    if keys.is_empty() {
        keys.extend(query.targets.iter().flat_map(|it| columns_at(&it.expr, 0)));
    }
    for condition in query.conditions.iter().chain(query.targets.iter().map(|it| &it.expr)) {
        if bodies.mentions_caller(condition) && equality(scope.facts(), condition).is_some() {
            continue;
        }
        for (place, column) in columns_at(condition, 0).difference(&keys) {
            if let Some(RangeEntry::Relation { relation, .. }) = query.relations.get(place - 1) {
                trusted.entry(*relation).or_default().insert(*column);
            }
        }
    }
}

/// The same for functions, of which only the words are known: every column of a table that they read and name.
fn add_trusted_by_functions(scope: &Scope<'_, '_>, expr: &Expr, trusted: &mut BTreeMap<Oid, BTreeSet<i32>>) {
    let bodies = &scope.access.bodies;
    for function in bodies.reachable(expr.functions()) {
        let Some(body) = bodies.of(function).filter(|_| bodies.session().contains(&function)) else { continue };
        for relation in body.reads.iter().filter_map(|it| scope.facts().relations.get(it)) {
            let named = relation.columns.iter().filter(|it| body.words.contains(&it.name.to_lowercase()));
            trusted.entry(relation.oid).or_default().extend(named.map(|it| it.number));
        }
    }
}

/// A column of these that a role may change or add in a row of its own, and that no check pins.
fn writable(
    scope: &Scope<'_, '_>,
    role: Oid,
    inner: &Relation,
    columns: &BTreeSet<i32>,
) -> Option<(&'static str, String)> {
    for command in [PolicyCommand::Update, PolicyCommand::Insert] {
        let pinned: BTreeSet<i32> = if scope.access.is_filtered(role, inner) {
            let mut admitting = scope.access.policies(role, inner.oid, command).filter(|it| it.permissive);
            if !scope.reaches(role, inner, command) || admitting.all(|it| is_privileged(scope, it, command)) {
                continue;
            }
            let checks = scope.access.checks(role, inner.oid, command);
            let all = checks.permissive.iter().chain(&checks.restrictive);
            all.filter_map(|(_, it)| *it).flat_map(|it| it.expr.own_columns()).collect()
        } else {
            BTreeSet::new()
        };
        let free = inner.columns.iter().find(|it| {
            let grants: Vec<_> = inner.grants.iter().chain(&it.grants).copied().collect();
            columns.contains(&it.number)
                && !pinned.contains(&it.number)
                && !it.generated
                && scope.access.rights.holds(role, &grants, crate::lint::scope::privilege(command))
        });
        if let Some(column) = free {
            return Some((command.as_str(), column.name.clone()));
        }
    }
    None
}

/// Whether a policy admits writes by what the caller is and not by whose row it is: administrators have the rights already.
fn is_privileged(scope: &Scope<'_, '_>, policy: &Policy, command: PolicyCommand) -> bool {
    let decisive = if command == PolicyCommand::Insert { policy.check() } else { policy.using.as_ref() };
    decisive.is_none_or(|it| it.expr.own_columns().is_empty() && scope.is_bound(&it.expr, policy.relation))
}
