//! `policy_reads_unreadable_table`

use crate::Oid;
use crate::expr::{ColumnRef, Expr, Query};
use crate::facts::{Grant, Privilege, Relation, RelationKind};
use crate::lint::Severity;
use crate::lint::found::Found;
use crate::lint::rules::Rule;
use crate::lint::scope::COMMANDS;
use crate::lint::scope::Scope;
use std::collections::{BTreeMap, BTreeSet};

pub(crate) const RULE: Rule = Rule {
    id: "policy_reads_unreadable_table",
    severity: Severity::Error,
    why: "Every statement that the policy is asked for fails with 42501.",
    check,
};

fn check(scope: &Scope<'_, '_>, found: &mut Vec<Found>) {
    for (table, policy) in scope.policies().filter(|(table, _)| table.row_security) {
        let asked = |role: &Oid| COMMANDS.iter().any(|it| policy.command.covers(*it) && scope.may(*role, table, *it));
        let mut denied: BTreeMap<Oid, Vec<Oid>> = BTreeMap::new();
        for role in scope.subjects(policy).into_iter().filter(asked) {
            for condition in policy.conditions() {
                condition.expr.walk_queries(&mut |query, _| {
                    for inner in unreadable(scope, role, query) {
                        let roles = denied.entry(inner).or_default();
                        if !roles.contains(&role) {
                            roles.push(role);
                        }
                    }
                });
            }
        }
        for (inner, roles) in denied {
            let Some(inner) = scope.facts().relations.get(&inner) else { continue };
            let names = scope.names(&roles);
            let message = format!(
                "the policy reads {}, which {names} may not: every statement fails with 42501",
                inner.qualified()
            );
            let fix = format!("grant select on {} to {};", inner.quoted(), scope.quoted_roles(&roles));
            found.push(Found::new(table.qualified(), message).policy(&policy.name).role(names).fix(fix));
        }
    }
}

/// What a role may not read of what a query reads itself, and of what views in it read in its name.
fn unreadable(scope: &Scope<'_, '_>, role: Oid, query: &Query) -> BTreeSet<Oid> {
    let (mut denied, mut seen, mut left) = (BTreeSet::new(), BTreeSet::new(), vec![query]);
    while let Some(query) = left.pop() {
        let mut columns: BTreeSet<(Oid, i32)> = BTreeSet::new();
        query.walk(&mut |it, depth| {
            if let Expr::Column(column) = it
                && column.level + 1 == depth
            {
                columns.extend(query.resolve(ColumnRef { level: 0, ..*column }));
            }
        });
        for (_, table) in query.tables() {
            let Some(inner) = scope.facts().relations.get(&table) else { continue };
            if !may_read(scope, role, inner, &columns) {
                denied.insert(table);
            }
            if inner.kind == RelationKind::View && inner.security_invoker && seen.insert(table) {
                for query in scope.facts().views.get(&table).into_iter().flatten() {
                    query.walk_queries(&mut |it, _| left.push(it));
                }
            }
        }
    }
    denied
}

/// The schema of a resolved name is not asked for, and without a column any one will do.
fn may_read(scope: &Scope<'_, '_>, role: Oid, relation: &Relation, columns: &BTreeSet<(Oid, i32)>) -> bool {
    let holds = |grants: &[Grant]| scope.access.rights.holds(role, grants, Privilege::Select);
    let whole = columns.contains(&(relation.oid, 0));
    let mut named =
        relation.columns.iter().filter(|it| whole || columns.contains(&(relation.oid, it.number))).peekable();
    match named.peek() {
        _ if holds(&relation.grants) => true,
        Some(_) => named.all(|it| holds(&it.grants)),
        None => relation.columns.iter().any(|it| holds(&it.grants)),
    }
}
