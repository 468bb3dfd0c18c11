//! `immutable_reads_session`

use crate::facts::Volatility;
use crate::lint::Severity;
use crate::lint::found::Found;
use crate::lint::rules::Rule;
use crate::lint::scope::Scope;

pub(crate) const RULE: Rule = Rule {
    id: "immutable_reads_session",
    severity: Severity::Error,
    why: "The result of an IMMUTABLE function is kept in prepared plans: one user's id serves another's query.",
    check,
};

fn check(scope: &Scope<'_, '_>, found: &mut Vec<Found>) {
    for (oid, function) in scope.functions() {
        if function.volatility == Volatility::Immutable && scope.access.bodies.session().contains(&oid) {
            let message = "an IMMUTABLE function reads the session: a prepared plan keeps the answer it got for one user and gives it to \
                           the next";
            let fix = format!("alter function {} stable;", function.quoted());
            found.push(Found::new(function.signature(), message).fix(fix));
        }
    }
}
