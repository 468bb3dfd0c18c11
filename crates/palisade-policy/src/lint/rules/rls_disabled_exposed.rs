//! `rls_disabled_exposed`

use crate::facts::Privilege;
use crate::lint::Severity;
use crate::lint::found::Found;
use crate::lint::rules::Rule;
use crate::lint::scope::Scope;

pub(crate) const RULE: Rule = Rule {
    id: "rls_disabled_exposed",
    severity: Severity::Error,
    why: "A role of the API may use the table and row security does not filter a single row.",
    check,
};

fn check(scope: &Scope<'_, '_>, found: &mut Vec<Found>) {
    const ANY: [Privilege; 7] = [
        Privilege::Select,
        Privilege::Insert,
        Privilege::Update,
        Privilege::Delete,
        Privilege::Truncate,
        Privilege::References,
        Privilege::Trigger,
    ];
    for table in scope.tables().filter(|it| !it.row_security) {
        let holders = scope.holders(table, &ANY);
        if let [first, ..] = holders.as_slice() {
            let (role, name) = (scope.role(*first), scope.names(&holders));
            let held: Vec<&str> =
                ANY.iter().filter(|it| !scope.holders(table, &[**it]).is_empty()).map(|it| it.as_str()).collect();
            let message = format!("row security is off, and {name} may {} here: every row is theirs", held.join(", "));
            let fix = format!("alter table {} enable row level security;", table.quoted());
            found.push(Found::new(table.qualified(), message).role(role).fix(fix));
        }
    }
}
