//! `with_check_weaker_than_using`

use crate::facts::PolicyCommand;
use crate::lint::Severity;
use crate::lint::found::Found;
use crate::lint::rules::Rule;
use crate::lint::scope::Scope;
use palisade_sql::quote_ident;

pub(crate) const RULE: Rule = Rule {
    id: "with_check_weaker_than_using",
    severity: Severity::Error,
    why: "USING says whose rows may be changed, and WITH CHECK lets them be given to somebody else.",
    check,
};

fn check(scope: &Scope<'_, '_>, found: &mut Vec<Found>) {
    let writes = [PolicyCommand::Update, PolicyCommand::All];
    for (table, policy) in scope.policies().filter(|(_, it)| it.permissive && writes.contains(&it.command)) {
        let (Some(using), Some(check)) = (&policy.using, &policy.with_check) else { continue };
        let weaker = scope.access.bodies.mentions_caller(&using.expr)
            && scope.is_bound(&using.expr, table.oid)
            && !scope.is_bound(&check.expr, table.oid);
        if weaker {
            let message = "USING admits rows of the caller only, and WITH CHECK admits rows of anybody: they can be given away, \
                           or be put into somebody else's name";
            let fix = format!(
                "alter policy {} on {} with check ({});",
                quote_ident(&policy.name),
                scope.quoted(table),
                using.sql
            );
            found.push(Found::new(table.qualified(), message).policy(&policy.name).fix(fix));
        }
    }
}
