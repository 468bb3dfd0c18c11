//! `column_grant_defeated`

use crate::Oid;
use crate::facts::Privilege;
use crate::lint::Severity;
use crate::lint::found::Found;
use crate::lint::rules::Rule;
use crate::lint::scope::Scope;
use palisade_sql::quote_ident;

pub(crate) const RULE: Rule = Rule {
    id: "column_grant_defeated",
    severity: Severity::Warning,
    why: "A right on the whole table includes every column: rights on single columns neither add nor take away.",
    check,
};

fn check(scope: &Scope<'_, '_>, found: &mut Vec<Found>) {
    const BY_COLUMN: [Privilege; 4] = [Privilege::Select, Privilege::Insert, Privilege::Update, Privilege::References];
    for relation in &scope.relations {
        for privilege in BY_COLUMN {
            let granted = |it: &&crate::facts::Column, role: Oid| {
                it.grants.iter().any(|it| it.privilege == privilege && it.grantee == role)
            };
            let mut roles: Vec<Oid> = relation.columns.iter().flat_map(|it| &it.grants).map(|it| it.grantee).collect();
            roles.sort();
            roles.dedup();
            for role in roles {
                let columns: Vec<&str> =
                    relation.columns.iter().filter(|it| granted(it, role)).map(|it| it.name.as_str()).collect();
                let whole = scope.access.rights.holds(role, &relation.grants, privilege);
                if columns.is_empty() || columns.len() == relation.columns.len() || !whole || role == relation.owner {
                    continue;
                }
                let name = scope.role(role);
                let command = privilege.as_str();
                let message = format!(
                    "{name} holds {command} on all of it, so that {command} on {} alone limits nothing",
                    columns.join(", ")
                );
                let quoted: Vec<String> = columns.iter().map(|it| quote_ident(it).into_owned()).collect();
                let word = command.to_lowercase();
                let (on, to) = (relation.quoted(), scope.quoted_roles(&[role]));
                let from: Vec<Oid> = relation
                    .grants
                    .iter()
                    .filter(|it| it.privilege == privilege && scope.access.rights.has_rights_of(role, it.grantee))
                    .map(|it| it.grantee)
                    .collect();
                let note = if from == [role] { "" } else { "-- and grant it again to whoever else needs it\n" };
                let fix = format!(
                    "{note}revoke {word} on {on} from {};\ngrant {word} ({}) on {on} to {to};",
                    scope.quoted_roles(&from),
                    quoted.join(", ")
                );
                found.push(Found::new(relation.qualified(), message).role(name).fix(fix));
            }
        }
    }
}
