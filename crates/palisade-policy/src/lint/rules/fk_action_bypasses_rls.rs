//! `fk_action_bypasses_rls`

use crate::Oid;
use crate::facts::PolicyCommand;
use crate::lint::Severity;
use crate::lint::found::Found;
use crate::lint::rules::Rule;
use crate::lint::scope::Scope;

pub(crate) const RULE: Rule = Rule {
    id: "fk_action_bypasses_rls",
    severity: Severity::Info,
    why: "CASCADE and SET reach all rows that refer to the one that is removed, seen or not.",
    check,
};

fn check(scope: &Scope<'_, '_>, found: &mut Vec<Found>) {
    for key in &scope.facts().foreign_keys {
        let facts = scope.facts();
        let (Some(table), Some(referenced)) =
            (facts.relations.get(&key.relation), facts.relations.get(&key.referenced))
        else {
            continue;
        };
        if !table.row_security || !scope.relations.iter().any(|it| it.oid == table.oid) {
            continue;
        }
        let acts = |action: &str| ["c", "n", "d"].contains(&action);
        let reaching = |command: PolicyCommand| {
            let may = |it: &&Oid| {
                scope.may(**it, referenced, command)
                    && (!scope.access.is_filtered(**it, referenced) || scope.reaches(**it, referenced, command))
            };
            scope.api.iter().filter(may).map(|it| (*it, command.as_str())).collect::<Vec<_>>()
        };
        let mut ways = Vec::new();
        if acts(&key.on_delete) {
            ways.extend(reaching(PolicyCommand::Delete));
        }
        if acts(&key.on_update) {
            ways.extend(reaching(PolicyCommand::Update));
        }
        if let Some((role, command)) = ways.first() {
            let message = format!(
                "a {command} on {} by {} reaches rows here through the foreign key `{}`, whether they are visible or not",
                referenced.qualified(),
                scope.role(*role),
                key.name
            );
            found.push(Found::new(table.qualified(), message).role(scope.role(*role)));
        }
    }
}
