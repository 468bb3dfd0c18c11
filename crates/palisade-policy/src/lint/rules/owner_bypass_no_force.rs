//! `owner_bypass_no_force`

use crate::lint::Severity;
use crate::lint::found::Found;
use crate::lint::rules::Rule;
use crate::lint::scope::Scope;

pub(crate) const RULE: Rule = Rule {
    id: "owner_bypass_no_force",
    severity: Severity::Info,
    why: "The owner of a table is exempt from its policies, and an application that works as the owner is, too.",
    check,
};

fn check(scope: &Scope<'_, '_>, found: &mut Vec<Found>) {
    for table in scope.protected().filter(|it| !it.forced) {
        let Some(owner) = scope.facts().roles.get(&table.owner) else { continue };
        // Whoever bypasses row security anyhow is not bound by FORCE either.
        if owner.superuser || owner.bypasses || owner.name.starts_with("supabase_") || owner.name.starts_with("pg_") {
            continue;
        }
        let message = format!("{} owns the table, and no policy binds it: FORCE is off", owner.name);
        let fix = format!("alter table {} force row level security;", table.quoted());
        found.push(Found::new(table.qualified(), message).role(&owner.name).fix(fix));
    }
}
