//! `default_privileges_expose`

use crate::Oid;
use crate::facts::Privilege;
use crate::lint::Severity;
use crate::lint::found::Found;
use crate::lint::rules::Rule;
use crate::lint::scope::Scope;
use palisade_sql::quote_ident;

pub(crate) const RULE: Rule = Rule {
    id: "default_privileges_expose",
    severity: Severity::Warning,
    why: "Every future object is open to the API before anybody has thought about it.",
    check,
};

fn check(scope: &Scope<'_, '_>, found: &mut Vec<Found>) {
    for default in &scope.facts().default_privileges {
        let (objects, word) = match default.objects.as_str() {
            "r" => ("tables", "table"),
            "S" => ("sequences", "sequence"),
            "f" => ("functions", "function"),
            _ => continue,
        };
        let schema = scope.facts().schemas.get(&default.schema).map(|it| it.name.as_str());
        let owner = scope.role(default.owner);
        // Supabase looks after its own.
        if owner.starts_with("supabase_") || schema.is_some_and(|it| !scope.schemas.contains(it)) {
            continue;
        }
        // Everybody may call a new function by itself; a global entry repeats that.
        let built_in = |privilege| objects == "functions" && privilege == Privilege::Execute;
        let exposed = default
            .grants
            .iter()
            .filter(|it| scope.api.contains(&it.grantee) || it.grantee == Oid::NONE && !built_in(it.privilege));
        let exposed: Vec<_> = exposed.collect();
        let mut rights: Vec<&str> = exposed.iter().map(|it| it.privilege.as_str()).collect();
        rights.sort_unstable();
        rights.dedup();
        let mut roles: Vec<Oid> = exposed.iter().map(|it| it.grantee).collect();
        roles.sort();
        roles.dedup();
        if roles.is_empty() {
            continue;
        }
        let names = scope.names(&roles);
        let place = schema.map_or_else(|| "any schema".to_owned(), |it| format!("schema `{it}`"));
        let message = format!(
            "every {word} that {owner} makes in {place} from now on is open to {names} at once: {}",
            rights.join(", ")
        );
        let within = schema.map_or_else(String::new, |it| format!(" in schema {}", quote_ident(it)));
        let fix = format!(
            "alter default privileges for role {}{within} revoke all on {objects} from {};",
            quote_ident(&owner),
            scope.quoted_roles(&roles)
        );
        found.push(Found::new(format!("default privileges of {owner} in {place}"), message).role(names).fix(fix));
    }
}
