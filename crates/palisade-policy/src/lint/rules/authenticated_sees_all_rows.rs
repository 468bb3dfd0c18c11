//! `authenticated_sees_all_rows`

use crate::facts::PolicyCommand;
use crate::formula::{Ref, View};
use crate::lint::Severity;
use crate::lint::found::Found;
use crate::lint::rules::Rule;
use crate::lint::scope::Scope;

pub(crate) const RULE: Rule = Rule {
    id: "authenticated_sees_all_rows",
    severity: Severity::Warning,
    why: "Anybody can sign up, anonymously too: being signed in says nothing about whose rows these are.",
    check,
};

fn check(scope: &Scope<'_, '_>, found: &mut Vec<Found>) {
    let rows = scope.policies().filter(|(_, it)| it.permissive && it.command != PolicyCommand::Insert);
    for (table, policy) in rows {
        let Some(using) = &policy.using else { continue };
        let mut space = scope.space();
        let truth = space.truth(&using.expr, View { relation: table.oid, ..View::default() }).is_true;
        let signed_in = scope.for_signed_in(&mut space, truth);
        let [open_to_all, open_to_signed_in] = [truth, signed_in].map(|it| {
            let closed = space.bdd.without(Ref::TRUE, it);
            !space.can_be(closed)
        });
        if open_to_signed_in && !open_to_all {
            let message = "being signed in is the whole condition: whoever signs up sees the rows of everybody";
            found.push(Found::new(table.qualified(), message).policy(&policy.name));
        }
    }
}
