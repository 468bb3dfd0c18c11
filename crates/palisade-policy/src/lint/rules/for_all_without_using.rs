//! `for_all_without_using`

use crate::facts::PolicyCommand;
use crate::lint::Severity;
use crate::lint::found::Found;
use crate::lint::rules::Rule;
use crate::lint::scope::Scope;
use palisade_sql::quote_ident;

pub(crate) const RULE: Rule = Rule {
    id: "for_all_without_using",
    severity: Severity::Warning,
    why: "FOR ALL with WITH CHECK alone has no USING: it admits no row to be read, changed or removed.",
    check,
};

fn check(scope: &Scope<'_, '_>, found: &mut Vec<Found>) {
    for (table, policy) in
        scope.policies().filter(|(_, it)| it.permissive && it.command == PolicyCommand::All && it.using.is_none())
    {
        let Some(check) = &policy.with_check else { continue };
        let message = "FOR ALL without USING is NULL for every row: this policy admits inserts only";
        let fix = format!("alter policy {} on {} using ({});", quote_ident(&policy.name), table.quoted(), check.sql);
        found.push(Found::new(table.qualified(), message).policy(&policy.name).fix(fix));
    }
}
