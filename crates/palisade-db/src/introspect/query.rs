//! The queries, with what depends on the server's version and its extensions filled in.

use std::collections::{BTreeMap, BTreeSet};

use palisade_catalog::Server;
use palisade_sql::quote_literal;

use super::unexpected;
use crate::error::DbError;

/// What a query has to know of the server.
pub(super) struct Facts {
    pub(super) server: Server,
    /// Members of extensions: class, object, extension.
    pub(super) members: BTreeMap<u32, Vec<(u32, u32)>>,
}

impl Facts {
    pub(super) fn read(
        version: &str,
        user: String,
        owner_privileges: &str,
        members: &str,
        casts: &str,
    ) -> Result<Self, DbError> {
        let fail = |what: &str| unexpected(format!("the server's answer about {what} cannot be read"));
        let version = version.parse().map_err(|_| fail("its version"))?;
        let letters: BTreeMap<char, String> =
            serde_json::from_str(owner_privileges).map_err(|_| fail("privileges of owners"))?;
        let owner_privileges = letters.into_iter().map(|(kind, it)| (kind, until_slash(&it))).collect();
        let members: BTreeMap<String, Vec<(u32, u32)>> =
            serde_json::from_str(members).map_err(|_| fail("members of extensions"))?;
        let members = members.into_iter().filter_map(|(class, it)| Some((class.parse().ok()?, it))).collect();
        let casts: BTreeSet<(String, String, char)> = serde_json::from_str(casts).map_err(|_| fail("casts"))?;
        Ok(Self { server: Server { version, user, owner_privileges, casts }, members })
    }
}

/// `arwdDxt/postgres`: the letters.
fn until_slash(item: &str) -> String {
    item.split('/').next().unwrap_or_default().to_owned()
}

const OBJECTS: [&str; 26] = [
    include_str!("schemas.sql"),
    include_str!("extensions.sql"),
    include_str!("tables.sql"),
    include_str!("columns.sql"),
    include_str!("defaults.sql"),
    include_str!("constraints.sql"),
    include_str!("indexes.sql"),
    include_str!("sequences.sql"),
    include_str!("types.sql"),
    include_str!("domain_constraints.sql"),
    include_str!("views.sql"),
    include_str!("routines.sql"),
    include_str!("aggregates.sql"),
    include_str!("triggers.sql"),
    include_str!("rules.sql"),
    include_str!("row_security.sql"),
    include_str!("policies.sql"),
    include_str!("event_triggers.sql"),
    include_str!("default_privileges.sql"),
    include_str!("replication.sql"),
    include_str!("foreign.sql"),
    include_str!("search.sql"),
    include_str!("operators.sql"),
    include_str!("miscellaneous.sql"),
    include_str!("unmodelled.sql"),
    // Last: what they speak of must be known.
    include_str!("notes.sql"),
];

/// The queries as they are written.
pub(super) fn texts() -> impl Iterator<Item = &'static str> {
    OBJECTS.into_iter().chain([include_str!("needs.sql")])
}

/// Whether roles, which all databases of a server share, are read as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Roles {
    Left,
    Read,
}

/// All queries in one message.
pub(super) fn objects(facts: &Facts, roles: Roles) -> String {
    let roles = (roles == Roles::Read).then_some(include_str!("roles.sql"));
    let queries = roles.into_iter().chain(texts());
    let filled = queries.map(|it| with_members(&for_version(it, facts.server.version / 10_000), &facts.members));
    filled.collect::<Vec<_>>().join(";\n")
}

/// Chooses in each `{{18:new|old}}` by the server's major version.
fn for_version(sql: &str, major: u32) -> String {
    let mut chosen = String::with_capacity(sql.len());
    let mut rest = sql;
    while let Some((before, from)) = rest.split_once("{{") {
        chosen.push_str(before);
        let (choice, behind) = from.split_once("}}").unwrap_or((from, ""));
        let (since, texts) = choice.split_once(':').unwrap_or(("0", choice));
        let (new, old) = texts.rsplit_once('|').unwrap_or((texts, ""));
        chosen.push_str(if since.parse().is_ok_and(|it: u32| major >= it) { new } else { old });
        rest = behind;
    }
    chosen.push_str(rest);
    chosen
}

/// Fills in each `$members_1259` the objects of that class that extensions have brought.
fn with_members(sql: &str, members: &BTreeMap<u32, Vec<(u32, u32)>>) -> String {
    let mut filled = String::with_capacity(sql.len());
    let mut parts = sql.split("$members_");
    filled.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        let (class, behind) = part.split_at(digits);
        let of_class = class.parse().ok().and_then(|it: u32| members.get(&it));
        let numbers: Vec<String> = of_class.into_iter().flatten().map(|(member, _)| member.to_string()).collect();
        filled.push_str(&quote_literal(&["{", &numbers.join(","), "}"].concat()));
        filled.push_str("::oid[]");
        filled.push_str(behind);
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::{for_version, with_members};

    #[test]
    fn versions_choose() {
        let sql = "select {{18:k.new|true}}, {{16:a || b|}}x";
        assert_eq!(for_version(sql, 18), "select k.new, a || bx");
        assert_eq!(for_version(sql, 15), "select true, x");
    }

    #[test]
    fn members_are_filled_in() {
        let members = [(1259, vec![(20_000, 1), (20_001, 1)])].into();
        assert_eq!(with_members("a <> all ($members_1259) b", &members), "a <> all ('{20000,20001}'::oid[]) b");
        assert_eq!(with_members("$members_7", &members), "'{}'::oid[]");
    }
}
