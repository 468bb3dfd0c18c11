//! Restoring into a Supabase database, whose own schemas are there, belong to roles that are not ours, and stay.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use palisade_archive::{Entry, Toc};
use palisade_config::SUPABASE_SCHEMAS;
use palisade_db::{Connection, DbError, Row, batch};
use palisade_sql::{Ident, QualifiedName, Statement, TokenKind, quote_literal, split};
use serde::Deserialize;

use super::grants;
use super::notes::Notes;

/// Schemas of Supabase whose rows are the user's: accounts, buckets, and what is said about files.
const WITH_ROWS: [&str; 2] = ["auth", "storage"];
/// Which migrations of their own services ran: those of the target are its own.
const BOOKKEEPING: [&str; 2] = ["schema_migrations", "migrations"];
/// On tables of these, users have policies and triggers.
const EXTENDED: [&str; 3] = ["auth", "storage", "realtime"];

/// What is there already.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct SupabaseTarget {
    extensions: BTreeSet<String>,
    publications: BTreeSet<String>,
    event_triggers: BTreeSet<String>,
    /// Tables and sequences in `auth` and `storage`: schema and name.
    relations: BTreeSet<(String, String)>,
    /// Schema, table, name.
    policies: BTreeSet<(String, String, String)>,
    triggers: BTreeSet<(String, String, String)>,
}

/// Asks the target; `None` if it is not Supabase's, or if we own those schemas too and can replace them.
pub(super) async fn ask(connection: &mut Connection) -> Result<Option<SupabaseTarget>, DbError> {
    let rows = batch(connection, include_str!("supabase.sql")).await.map_err(|it| it.error)?.rows;
    let Some(row) = rows.first() else { return Ok(None) };
    let text: String = row.try_get(0)?;
    let read = serde_json::from_str(&text);
    read.map(Some).map_err(|error| DbError::Unexpected { reason: error.to_string() })
}

/// Whether rows of a table go into a table that is there, with its keys and triggers.
pub(super) fn has_rows_of(schema: &str) -> bool {
    WITH_ROWS.contains(&schema)
}

/// No schemas, as an array of SQL.
pub(super) fn no_array() -> String {
    "array[]::pg_catalog.name[]".to_owned()
}

/// As an array of SQL.
pub(super) fn external_array() -> String {
    let names: Vec<String> = SUPABASE_SCHEMAS.iter().map(|it| quote_literal(it)).collect();
    format!("array[{}]::pg_catalog.name[]", names.join(","))
}

impl SupabaseTarget {
    /// Leaves out what Supabase has itself, and policies and triggers on its tables that are there already, unless those are dropped
    /// first.
    pub(super) fn fit(&self, toc: &mut Toc, clear: bool, notes: &Notes) {
        toc.retain(|it| self.keeps(it, clear, notes));
    }

    fn keeps(&self, entry: &Entry, clear: bool, notes: &Notes) -> bool {
        let tag = entry.tag.as_deref().unwrap_or_default();
        match entry.desc.as_str() {
            "EXTENSION" => return !self.extensions.contains(tag),
            "COMMENT" if tag.starts_with("EXTENSION ") => {
                return !self.extensions.contains(tag.trim_start_matches("EXTENSION ").trim_matches('"'));
            }
            "PUBLICATION" => return !self.publications.contains(tag),
            "EVENT TRIGGER" => {
                let is_theirs = calls(entry).is_none_or(|it| is_external(&it));
                return !is_theirs && !self.event_triggers.contains(tag);
            }
            _ => {}
        }
        let Some(schema) = schema(entry).filter(|it| is_external(it)) else { return true };
        let is_users = match entry.desc.as_str() {
            "TABLE DATA" if BOOKKEEPING.contains(&tag) => false,
            "TABLE DATA" | "SEQUENCE SET" if has_rows_of(schema) => {
                // Supabase of another version may have other tables, and nobody but Supabase can make them.
                let is_there = self.relations.contains(&(schema.to_owned(), tag.to_owned()));
                if !is_there {
                    notes.add(format!("the rows of {schema}.{tag} were left out: this Supabase has no such table"));
                }
                return is_there;
            }
            "POLICY" if EXTENDED.contains(&schema) => {
                return subject(entry).is_some_and(|it| clear || !self.policies.contains(&it));
            }
            "TRIGGER" if EXTENDED.contains(&schema) => {
                let is_ours = calls(entry).is_some_and(|it| !is_external(&it));
                if is_ours {
                    return subject(entry).is_some_and(|it| clear || !self.triggers.contains(&it));
                }
                false
            }
            _ => false,
        };
        if !is_users {
            notes.leave_out(schema, &entry.desc);
        }
        is_users
    }

    /// SQL that empties what is ours, the tables of theirs whose rows come, and policies and triggers that come.
    pub(super) fn clear(toc: &Toc) -> String {
        let mut sql = include_str!("empty_supabase.sql").replace("$external", &external_array());
        let name = |entry: &Entry| {
            let (schema, name) = (entry.namespace.clone()?, entry.tag.clone()?);
            // What cannot be a name is nothing that could be emptied.
            has_rows_of(&schema).then(|| QualifiedName::new(schema, name).ok())?
        };
        let tables = toc.entries.iter().filter(|it| it.desc == "TABLE DATA").filter_map(name);
        let tables: Vec<String> = tables.map(|it| it.to_string()).collect();
        if !tables.is_empty() {
            let _ = writeln!(sql, "truncate {} cascade;", tables.join(", "));
        }
        for entry in &toc.entries {
            let kind = match entry.desc.as_str() {
                "POLICY" => "policy",
                "TRIGGER" => "trigger",
                _ => continue,
            };
            let Some((schema, table, name)) = subject(entry).filter(|it| is_external(&it.0)) else { continue };
            if let (Ok(table), Ok(name)) = (QualifiedName::new(schema, table), Ident::new(name)) {
                // Writing to a string cannot fail.
                let _ = writeln!(sql, "drop {kind} if exists {name} on {table};");
            }
        }
        sql
    }
}

/// Rows of accounts come in any order, and go into tables whose keys are in force. Supabase lets its `postgres` put them aside; where
/// that is not allowed, the keys decide.
pub(super) fn keys_aside(is_local: bool) -> String {
    format!(
        "do $palisade$ begin perform pg_catalog.set_config('session_replication_role', 'replica', {is_local}); \
         exception when insufficient_privilege then null; end $palisade$;\n"
    )
}

/// Puts the keys back in force.
pub(super) fn keys_back(is_local: bool) -> String {
    keys_aside(is_local).replace("'replica'", "'origin'")
}

fn is_external(schema: &str) -> bool {
    SUPABASE_SCHEMAS.contains(&schema)
}

/// The schema that an entry is in, or is.
fn schema(entry: &Entry) -> Option<&str> {
    let tag = entry.tag.as_deref().unwrap_or_default();
    match entry.namespace.as_deref().filter(|it| !it.is_empty() && *it != "-") {
        Some(schema) => Some(schema),
        None if entry.desc == "SCHEMA" => Some(tag),
        None => tag.strip_prefix("SCHEMA ").map(|it| it.trim_matches('"')),
    }
}

/// The table of a policy or a trigger, and its name.
fn subject(entry: &Entry) -> Option<(String, String, String)> {
    let statements = split(entry.definition.as_deref()?).ok()?;
    let Statement { tokens, .. } = statements.first()?;
    let kind = tokens.iter().position(|it| it.is("policy") || it.is("trigger"))?;
    let name = grants::name(tokens.get(kind + 1)?)?;
    let on = kind + 2 + tokens.get(kind + 2..)?.iter().position(|it| it.is("on"))?;
    let (schema, dot, table) = (tokens.get(on + 1)?, tokens.get(on + 2)?, tokens.get(on + 3)?);
    (dot.kind == TokenKind::Symbol('.')).then_some(())?;
    Some((grants::name(schema)?, grants::name(table)?, name))
}

/// The schema of the function that a trigger calls. Only Postgres's own are written without one.
fn calls(entry: &Entry) -> Option<String> {
    let statements = split(entry.definition.as_deref()?).ok()?;
    let tokens = &statements.first()?.tokens;
    let execute = tokens.windows(2).position(
        |it| matches!(it, [execute, what] if execute.is("execute") && (what.is("function") || what.is("procedure"))),
    )?;
    let first = grants::name(tokens.get(execute + 2)?)?;
    let is_qualified = tokens.get(execute + 3)?.kind == TokenKind::Symbol('.');
    Some(if is_qualified { first } else { "pg_catalog".to_owned() })
}

#[cfg(test)]
mod tests {
    use super::{calls, subject};
    use crate::restore::merge::entry;
    use palisade_archive::Entry;

    fn of(definition: &str) -> Entry {
        Entry { definition: Some(definition.to_owned()), ..entry(1, "TRIGGER", "auth", "") }
    }

    #[test]
    fn what_a_trigger_calls_and_where_it_stands() {
        let trigger = of("CREATE TRIGGER \"on x\" AFTER INSERT OR UPDATE OF a ON auth.users FOR EACH ROW \
                          WHEN ((new.a = 'execute function auth.x()'::text)) EXECUTE FUNCTION public.\"new user\"();");
        let names = |it: [&str; 3]| Some(it.map(str::to_owned).into());
        assert_eq!(subject(&trigger), names(["auth", "users", "on x"]));
        assert_eq!(calls(&trigger), Some("public".to_owned()));
        let policy = of("CREATE POLICY \"a on b\" ON storage.objects FOR SELECT USING (true);");
        assert_eq!((subject(&policy), calls(&policy)), (names(["storage", "objects", "a on b"]), None));
        let own = of(
            "CREATE TRIGGER t BEFORE UPDATE ON auth.users FOR EACH ROW EXECUTE PROCEDURE suppress_redundant_updates_trigger()",
        );
        assert_eq!(calls(&own), Some("pg_catalog".to_owned()));
    }
}
