//! `view_bypasses_rls`

use crate::facts::{Privilege, RelationKind};
use crate::lint::Severity;
use crate::lint::found::Found;
use crate::lint::rules::Rule;
use crate::lint::scope::Scope;
use std::collections::BTreeSet;

pub(crate) const RULE: Rule = Rule {
    id: "view_bypasses_rls",
    severity: Severity::Error,
    why: "The view reads with the rights of its owner, whom no policy binds.",
    check,
};

fn check(scope: &Scope<'_, '_>, found: &mut Vec<Found>) {
    const ANY: [Privilege; 4] = [Privilege::Select, Privilege::Insert, Privilege::Update, Privilege::Delete];
    for view in scope.of_kind(RelationKind::View) {
        let holders = scope.holders(view, &ANY);
        let mut exposed: BTreeSet<String> = BTreeSet::new();
        for holder in &holders {
            for (relation, reader) in scope.behind(view, *holder) {
                if relation.row_security
                    && relation.kind.has_row_security()
                    && reader != *holder
                    && !scope.access.is_filtered(reader, relation)
                {
                    exposed.insert(relation.qualified());
                }
            }
        }
        if exposed.is_empty() {
            continue;
        }
        let names = scope.names(&holders);
        let message = format!(
            "{names} may use this view, which reads {} as its owner {}: the policies there do not bind it",
            exposed.into_iter().collect::<Vec<_>>().join(", "),
            scope.role(view.owner)
        );
        let fix = format!("alter view {} set (security_invoker = true);", view.quoted());
        found.push(Found::new(view.qualified(), message).role(names).fix(fix));
    }
}
