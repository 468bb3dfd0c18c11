//! `update_makes_row_invisible`

use crate::Oid;
use crate::expr::Expr;
use crate::facts::{PolicyCommand, Privilege, Relation};
use crate::formula::View;
use crate::lint::Severity;
use crate::lint::found::Found;
use crate::lint::rules::Rule;
use crate::lint::scope::Scope;
use std::collections::BTreeSet;

pub(crate) const RULE: Rule = Rule {
    id: "update_makes_row_invisible",
    severity: Severity::Warning,
    why: "A new row that its own author may not see is refused where the statement reads a column, as client libraries do.",
    check,
};

fn check(scope: &Scope<'_, '_>, found: &mut Vec<Found>) {
    for table in scope.protected() {
        let mut seen = BTreeSet::new();
        for role in scope.roles_of(table) {
            if !scope.may(role, table, PolicyCommand::Update) || !scope.may(role, table, PolicyCommand::Select) {
                continue;
            }
            for (policy, columns) in hiding(scope, table, role) {
                if seen.insert(policy.clone()) {
                    let message = format!(
                        "an UPDATE of {} that this policy allows makes the row fail the policies for SELECT: it fails with 42501 \
                         where it has a WHERE or RETURNING",
                        columns.join(", ")
                    );
                    found.push(Found::new(table.qualified(), message).policy(&policy).role(scope.role(role)));
                }
            }
        }
    }
}

/// The policies whose check admits rows that the role does not see, because of columns that it can change.
fn hiding(scope: &Scope<'_, '_>, table: &Relation, role: Oid) -> Vec<(String, Vec<String>)> {
    let mut hiding = Vec::new();
    let name = scope.role(role);
    let view = View { relation: table.oid, role: Some(&name), ..View::default() };
    let whole = scope.access.checks(role, table.oid, PolicyCommand::Update);
    let of_caller = |it: &Expr| scope.access.bodies.mentions_caller(it) || it.has_sub_select();
    for (policy, check) in &whole.permissive {
        let Some(check) = check else { continue };
        let mut space = scope.space();
        let admitted = space.truth(&check.expr, view).is_true;
        let floors: Vec<_> =
            whole.restrictive.iter().filter_map(|(_, it)| it.map(|it| space.truth(&it.expr, view))).collect();
        let floor = space.and(floors).is_true;
        let admitted = space.bdd.and(admitted, floor);
        let visible = scope.access.rows(role, table.oid, PolicyCommand::Select).truth(&mut space, view).is_true;
        let invisible = space.bdd.without(admitted, visible);
        // Only if other values of its own columns would make the row visible: else it never was.
        let could_be = space.exists_atoms(visible, |it| !of_caller(it));
        let lost = space.bdd.and(invisible, could_be);
        if !space.can_be(lost) {
            continue;
        }
        let mut columns = BTreeSet::new();
        for (atom, _) in space.atoms(visible) {
            if !of_caller(atom.expr()) {
                columns.extend(atom.expr().own_columns());
            }
        }
        let changeable: Vec<String> = columns
            .into_iter()
            .filter_map(|it| scope.facts().column(table.oid, it))
            .filter(|it| {
                let grants: Vec<_> = table.grants.iter().chain(&it.grants).copied().collect();
                !it.generated && scope.access.rights.holds(role, &grants, Privilege::Update)
            })
            .map(|it| it.name.clone())
            .collect();
        if !changeable.is_empty() {
            hiding.push((policy.name.clone(), changeable));
        }
    }
    hiding
}
