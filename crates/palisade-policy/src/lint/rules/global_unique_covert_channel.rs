//! `global_unique_covert_channel`

use crate::Oid;
use crate::facts::{Policy, PolicyCommand, Relation};
use crate::lint::Severity;
use crate::lint::found::Found;
use crate::lint::rules::Rule;
use crate::lint::scope::Scope;
use std::collections::BTreeSet;

pub(crate) const RULE: Rule = Rule {
    id: "global_unique_covert_channel",
    severity: Severity::Info,
    why: "A unique key over the rows of everybody answers 23505: somebody else has such a row.",
    check,
};

fn check(scope: &Scope<'_, '_>, found: &mut Vec<Found>) {
    for table in scope.protected() {
        let writers: Vec<Oid> = scope.api.iter().filter(|it| may_meet(scope, **it, table)).copied().collect();
        let [first, ..] = writers.as_slice() else { continue };
        let owners = owner_columns(scope, table);
        for index in scope.facts().indexes_of(table.oid).iter().filter(|it| it.unique) {
            let scoped = index.columns.iter().any(|it| owners.contains(it));
            let given = index.columns.iter().all(|it| *it == 0 || !is_made(scope, table, *it, index.primary));
            if scoped || !given {
                continue;
            }
            let columns: Vec<String> = index.columns.iter().map(|it| scope.column(table.oid, *it)).collect();
            let message = format!(
                "the unique index `{}` on {} is not divided by owner: 23505 tells {} that somebody has such a row",
                index.name,
                columns.join(", "),
                scope.role(*first)
            );
            found.push(Found::new(table.qualified(), message).role(scope.role(*first)));
        }
    }
}

/// Whether a role adds or changes rows and does not see all of them.
fn may_meet(scope: &Scope<'_, '_>, role: Oid, table: &Relation) -> bool {
    let writes = [PolicyCommand::Insert, PolicyCommand::Update];
    let select = scope.access.rows(role, table.oid, PolicyCommand::Select);
    writes.iter().any(|it| scope.may(role, table, *it) && scope.reaches(role, table, *it))
        && select.verdict(&mut scope.space(), crate::formula::View { relation: table.oid, ..Default::default() })
            != crate::access::Verdict::All
}

/// Columns that policies compare with the caller.
fn owner_columns(scope: &Scope<'_, '_>, table: &Relation) -> BTreeSet<i32> {
    let policies = scope.facts().policies_of(table.oid).iter();
    policies.flat_map(Policy::conditions).flat_map(|it| it.expr.own_columns()).collect()
}

/// Whether nobody chooses the value: a generated one, or a number or a UUID that serves as the primary key.
fn is_made(scope: &Scope<'_, '_>, table: &Relation, column: i32, primary: bool) -> bool {
    const NUMBERS: [u32; 4] = [20, 21, 23, 2950];
    let column = scope.facts().column(table.oid, column);
    column.is_some_and(|it| it.generated || primary && NUMBERS.contains(&it.data_type.0))
}
