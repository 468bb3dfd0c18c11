//! `restrictive_not_covering_writes`

use crate::Oid;
use crate::facts::{Policy, PolicyCommand, Relation};
use crate::formula::View;
use crate::lint::Severity;
use crate::lint::found::Found;
use crate::lint::rules::Rule;
use crate::lint::scope::Scope;
use palisade_sql::quote_ident;

pub(crate) const RULE: Rule = Rule {
    id: "restrictive_not_covering_writes",
    severity: Severity::Error,
    why: "A statement that reads no column is not asked for the SELECT policies: `delete from t` passes a floor that is FOR SELECT.",
    check,
};

fn check(scope: &Scope<'_, '_>, found: &mut Vec<Found>) {
    let floors = scope
        .policies()
        .filter(|(table, it)| table.row_security && !it.permissive && it.command == PolicyCommand::Select);
    for (table, floor) in floors {
        let mut open: Vec<(PolicyCommand, Oid)> = Vec::new();
        for role in scope.subjects(floor) {
            for command in [PolicyCommand::Update, PolicyCommand::Delete] {
                if scope.may(role, table, command) && passes(scope, table, floor, role, command) {
                    open.push((command, role));
                }
            }
        }
        let Some((_, first)) = open.first() else { continue };
        let mut commands: Vec<&str> = open.iter().map(|(it, _)| it.as_str()).collect();
        commands.sort_unstable();
        commands.dedup();
        let message = format!(
            "this floor holds for reading only: an {} without a WHERE reaches rows that it hides",
            commands.join(" or a ")
        );
        let using = floor.using.as_ref().map_or("", |it| it.sql.as_str());
        let statements: Vec<String> = commands
            .iter()
            .map(|it| {
                format!(
                    "create policy {} on {} as restrictive for {} to {} using ({using});",
                    quote_ident(&format!("{} ({})", floor.name, it.to_lowercase())),
                    table.quoted(),
                    it.to_lowercase(),
                    scope.quoted_roles(&floor.roles)
                )
            })
            .collect();
        let found_here = Found::new(table.qualified(), message).policy(&floor.name).role(scope.role(*first));
        found.push(found_here.fix(statements.join("\n")));
    }
}

/// Whether a blind write of a role reaches rows that the floor hides.
fn passes(scope: &Scope<'_, '_>, table: &Relation, floor: &Policy, role: Oid, command: PolicyCommand) -> bool {
    let Some(condition) = &floor.using else { return false };
    let mut space = scope.space();
    let name = scope.role(role);
    let view = View { relation: table.oid, role: Some(&name), ..View::default() };
    let rows = scope.access.rows(role, table.oid, command).truth(&mut space, view).is_true;
    let floor = space.truth(&condition.expr, view).is_true;
    let hidden = space.bdd.without(rows, floor);
    space.can_be(hidden)
}
