//! Roles: which a backup wants, which the target has, and how the one is made to fit the other.

use std::collections::{BTreeMap, BTreeSet};

use palisade_archive::{Entry, Toc};
use palisade_db::{Connection, DbError, Row, batch};
use palisade_sql::{quote_literal, split};

use super::notes::Notes;
use super::{Owners, RestoreOptions, grants};

/// The roles of a server, as the one that restores sees them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TargetRoles {
    /// The role that restores.
    us: String,
    superuser: bool,
    /// Whether we may become it, for each role.
    known: BTreeMap<String, bool>,
}

/// Asks the target.
pub(super) async fn ask(connection: &mut Connection) -> Result<TargetRoles, DbError> {
    let (us, superuser) = (connection.facts().user.clone(), connection.facts().superuser);
    // Since 16 one can be a member and not be allowed to become it.
    let right = quote_literal(if connection.server_version().major() >= 16 { "set" } else { "member" });
    let sql = format!("select rolname::text, pg_catalog.pg_has_role(oid, {right})::text from pg_catalog.pg_roles");
    let rows = batch(connection, &sql).await.map_err(|it| it.error)?.rows;
    let mut known = BTreeMap::new();
    for row in &rows {
        known.insert(row.try_get::<String, _>(0)?, row.try_get::<String, _>(1)? == "true");
    }
    Ok(TargetRoles { us, superuser, known })
}

/// The roles without which a restore would fail and that the target does not have, in order.
pub(super) fn missing(contents: &[Toc], roles: &TargetRoles, options: &RestoreOptions) -> Vec<String> {
    let mut wanted = BTreeSet::new();
    for entry in contents.iter().flat_map(|it| &it.entries).filter(|it| is_restored(it, options)) {
        if options.owners == Owners::AsBackedUp {
            wanted.extend(entry.owner.clone().filter(|it| !it.is_empty()));
        }
        let names_roles = match entry.desc.as_str() {
            "ACL" | "DEFAULT ACL" => options.owners != Owners::Fitting,
            // Left out, another policy would mean something else.
            "POLICY" => true,
            _ => false,
        };
        if names_roles {
            let statements = split(entry.definition.as_deref().unwrap_or_default()).unwrap_or_default();
            wanted.extend(statements.iter().flat_map(grants::roles));
        }
    }
    wanted.retain(|it| !roles.known.contains_key(it));
    wanted.into_iter().collect()
}

/// Whether an entry is restored, as far as it matters for roles.
fn is_restored(entry: &Entry, options: &RestoreOptions) -> bool {
    let selection = &options.selection;
    // Those of the database itself are for `pg_restore --create`.
    if selection.data_only || is_of_database(entry) {
        return false;
    }
    let is_among =
        |names: &[String], name: &Option<String>| name.as_ref().is_some_and(|it| names.iter().any(|other| other == it));
    (selection.schemas.is_empty() || is_among(&selection.schemas, &entry.namespace))
        && (selection.tables.is_empty() || (entry.desc == "TABLE" && is_among(&selection.tables, &entry.tag)))
}

fn is_of_database(entry: &Entry) -> bool {
    let tag = entry.tag.as_deref().unwrap_or_default();
    entry.desc.starts_with("DATABASE") || (entry.desc == "ACL" && tag.starts_with("DATABASE "))
}

impl TargetRoles {
    /// Makes owners and rights fit: see [`Owners::Fitting`].
    pub(super) fn fit(&self, toc: &mut Toc, notes: &Notes) {
        toc.entries.retain_mut(|entry| self.fit_entry(entry, notes));
    }

    /// `false` if nothing is left of an entry.
    fn fit_entry(&self, entry: &mut Entry, notes: &Notes) -> bool {
        if is_of_database(entry) {
            return true;
        }
        let owner = entry.owner.clone().filter(|it| !it.is_empty());
        if let Some(owner) = owner.filter(|it| !self.may_become(it)) {
            let why = self.why_not(&owner);
            if entry.desc == "DEFAULT ACL" {
                notes.add(format!("default privileges of `{owner}` were left out: {why}"));
                return false;
            }
            notes.add(format!("what belonged to `{owner}` belongs to `{}` now: {why}", self.us));
            entry.owner = Some(String::new());
        }
        match entry.definition.as_deref() {
            Some(definition) if matches!(entry.desc.as_str(), "ACL" | "DEFAULT ACL") => {
                let kept = self.rights(definition, notes);
                let is_left = !kept.is_empty();
                entry.definition = Some(kept);
                is_left
            }
            _ => true,
        }
    }

    fn may_become(&self, role: &str) -> bool {
        self.superuser && self.known.contains_key(role) || self.known.get(role).copied().unwrap_or(false)
    }

    fn why_not(&self, role: &str) -> String {
        if self.known.contains_key(role) {
            format!("`{}` may not become that role", self.us)
        } else {
            "the target has no such role".to_owned()
        }
    }

    /// Of the statements of an entry, those that name roles of the target. Only a superuser can give rights in the name of others:
    /// where we are none, the owner gives them.
    fn rights(&self, definition: &str, notes: &Notes) -> String {
        let Ok(statements) = split(definition) else { return definition.to_owned() };
        let mut kept = String::new();
        let (mut rights, mut as_other) = (0, false);
        for statement in statements {
            let roles = grants::roles(&statement);
            if statement.begins_with(&["set", "session", "authorization"]) {
                as_other = self.superuser && roles.iter().all(|it| self.known.contains_key(it));
                if !as_other {
                    continue;
                }
            } else if statement.begins_with(&["reset", "session", "authorization"]) {
                if !as_other {
                    continue;
                }
            } else if let Some(role) = roles.iter().find(|it| !self.known.contains_key(*it)) {
                notes.add(format!("rights of `{role}` were left out: the target has no such role"));
                continue;
            } else {
                rights += 1;
            }
            kept.push_str(statement.text);
            kept.push_str(";\n");
        }
        if rights == 0 { String::new() } else { kept }
    }
}

#[cfg(test)]
mod tests {
    use super::TargetRoles;
    use crate::restore::notes::Notes;

    #[test]
    fn rights_of_missing_roles_go_and_others_stay() {
        let known = [("us".to_owned(), true), ("anon".to_owned(), false)].into();
        let roles = TargetRoles { us: "us".to_owned(), superuser: false, known };
        let notes = Notes::default();
        let sql = "REVOKE ALL ON TABLE t FROM gone;\nSET SESSION AUTHORIZATION anon;\nGRANT ALL ON TABLE t TO anon;\n\
                   RESET SESSION AUTHORIZATION;\nGRANT SELECT ON TABLE t TO \"gone too\";\n";
        assert_eq!(roles.rights(sql, &notes), "GRANT ALL ON TABLE t TO anon;\n");
        let expected =
            ["gone too", "gone"].map(|it| format!("rights of `{it}` were left out: the target has no such role"));
        assert_eq!(notes.lines(), expected);
        assert_eq!(roles.rights("GRANT ALL ON TABLE t TO gone;", &notes), "");
    }
}
