//! `partition_child_exposed`

use crate::facts::{Privilege, Relation};
use crate::lint::Severity;
use crate::lint::found::Found;
use crate::lint::rules::Rule;
use crate::lint::scope::Scope;

pub(crate) const RULE: Rule = Rule {
    id: "partition_child_exposed",
    severity: Severity::Error,
    why: "A statement on the partition itself is not asked for the policies of the parent.",
    check,
};

fn check(scope: &Scope<'_, '_>, found: &mut Vec<Found>) {
    const ROWS: [Privilege; 5] =
        [Privilege::Select, Privilege::Insert, Privilege::Update, Privilege::Delete, Privilege::Truncate];
    for partition in scope.tables().filter(|it| it.partition && !it.row_security) {
        let Some(parent) = protected_parent(scope, partition) else { continue };
        let holders = scope.holders(partition, &ROWS);
        if holders.is_empty() {
            continue;
        }
        let names = scope.names(&holders);
        let message =
            format!("{names} may use this partition itself, where the policies of {} do not apply", parent.qualified());
        let fix = format!(
            "revoke all on {0} from public, {1};\nalter table {0} enable row level security;",
            partition.quoted(),
            scope.quoted_roles(&holders)
        );
        found.push(Found::new(partition.qualified(), message).role(names).fix(fix));
    }
}

fn protected_parent<'f>(scope: &Scope<'_, 'f>, partition: &Relation) -> Option<&'f Relation> {
    let mut left = partition.parents.clone();
    while let Some(parent) = left.pop().and_then(|it| scope.facts().relations.get(&it)) {
        if parent.row_security {
            return Some(parent);
        }
        left.extend(&parent.parents);
    }
    None
}
