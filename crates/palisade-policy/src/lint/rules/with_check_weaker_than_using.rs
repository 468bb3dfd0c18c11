//! `with_check_weaker_than_using`

use crate::expr::Expr;
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
        // Each part of USING that binds rows to the caller has to come back in WITH CHECK, or that binds the same columns.
        let columns = check.expr.own_columns();
        let bound = scope.is_bound(&check.expr, table.oid);
        let lost = |part: &&Expr| {
            scope.access.bodies.mentions_caller(part)
                && scope.is_bound(part, table.oid)
                && !(bound && part.own_columns().is_subset(&columns))
                && !scope.implies(Some(&check.expr), Some(part), table.oid)
        };
        if using.expr.conjuncts().iter().any(lost) {
            let message = "USING admits rows of the caller only, and WITH CHECK admits rows of anybody: they can be given away, \
                           or be put into somebody else's name";
            let fix =
                format!("alter policy {} on {} with check ({});", quote_ident(&policy.name), table.quoted(), using.sql);
            found.push(Found::new(table.qualified(), message).policy(&policy.name).fix(fix));
        }
    }
}
