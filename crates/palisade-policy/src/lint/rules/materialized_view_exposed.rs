//! `materialized_view_exposed`

use crate::facts::{Privilege, RelationKind};
use crate::lint::Severity;
use crate::lint::found::Found;
use crate::lint::rules::Rule;
use crate::lint::scope::Scope;
use std::collections::BTreeSet;

pub(crate) const RULE: Rule = Rule {
    id: "materialized_view_exposed",
    severity: Severity::Error,
    why: "A materialized view has no row security: whoever reads it sees all rows that its owner saw.",
    check,
};

fn check(scope: &Scope<'_, '_>, found: &mut Vec<Found>) {
    for view in scope.of_kind(RelationKind::Materialized) {
        let holders = scope.holders(view, &[Privilege::Select]);
        let behind = scope.behind(view, view.owner);
        let protected: BTreeSet<String> =
            behind.iter().filter(|(it, _)| it.row_security).map(|(it, _)| it.qualified()).collect();
        if holders.is_empty() || protected.is_empty() {
            continue;
        }
        let names = scope.names(&holders);
        let message = format!(
            "{names} may read this copy of {}, for which there are no policies",
            protected.into_iter().collect::<Vec<_>>().join(", ")
        );
        let fix = format!("revoke select on {} from public, {};", view.quoted(), scope.quoted_roles(&holders));
        found.push(Found::new(view.qualified(), message).role(names).fix(fix));
    }
}
