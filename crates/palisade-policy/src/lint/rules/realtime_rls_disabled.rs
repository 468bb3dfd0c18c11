//! `realtime_rls_disabled`

use crate::lint::Severity;
use crate::lint::found::Found;
use crate::lint::rules::Rule;
use crate::lint::scope::Scope;

pub(crate) const RULE: Rule = Rule {
    id: "realtime_rls_disabled",
    severity: Severity::Error,
    why: "Realtime sends every change of the table to whoever subscribes.",
    check,
};

fn check(scope: &Scope<'_, '_>, found: &mut Vec<Found>) {
    for publication in scope.facts().publications.iter().filter(|it| it.name == "supabase_realtime") {
        for table in scope.tables().filter(|it| !it.row_security) {
            if publication.all_tables
                || publication.relations.contains(&table.oid)
                || publication.schemas.contains(&table.schema)
            {
                let message = "the table is in the publication `supabase_realtime` and row security is off: every change is sent to every \
                               subscriber";
                let fix = format!("alter table {} enable row level security;", table.quoted());
                found.push(Found::new(table.qualified(), message).fix(fix));
            }
        }
    }
}
