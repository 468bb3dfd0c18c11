//! Reading what decides who may do what: two round trips in one snapshot.
//!
//! The first asks everything about the objects of users, the second about those functions and operators of the system that
//! turned out to be used. Every class is a query of its own in `facts/`, of which the server makes one JSON array.

use palisade_db::{Connection, DbError, Row, batch};
use palisade_policy::{Facts, FactsError, Oid, RawFacts, RawMore, Referenced};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// Why the facts could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The server could not be asked.
    #[error(transparent)]
    Database(#[from] DbError),
    /// Its answer cannot be understood.
    #[error(transparent)]
    Facts(#[from] FactsError),
}

/// In the order in which they build on each other.
const CLASSES: [(&str, &str); 14] = [
    ("version", include_str!("facts/version.sql")),
    ("enum_labels", include_str!("facts/enum_labels.sql")),
    ("types", include_str!("facts/types.sql")),
    ("roles", include_str!("facts/roles.sql")),
    ("memberships", include_str!("facts/memberships.sql")),
    ("schemas", include_str!("facts/schemas.sql")),
    ("relations", include_str!("facts/relations.sql")),
    ("policies", include_str!("facts/policies.sql")),
    ("views", include_str!("facts/views.sql")),
    ("triggers", include_str!("facts/triggers.sql")),
    ("foreign_keys", include_str!("facts/foreign_keys.sql")),
    ("indexes", include_str!("facts/indexes.sql")),
    ("publications", include_str!("facts/publications.sql")),
    ("default_privileges", include_str!("facts/default_privileges.sql")),
];

/// Reads what decides who may do what in a database; changes nothing and locks nothing.
///
/// # Errors
///
/// [`ReadError`]; never fewer facts instead.
pub async fn read_facts(connection: &mut Connection) -> Result<Facts, ReadError> {
    match read(connection).await {
        Ok(facts) => Ok(facts),
        Err(error) => {
            // The transaction is over either way; if this fails too, the first error says why.
            let _ = batch(connection, "rollback").await;
            Err(error)
        }
    }
}

async fn read(connection: &mut Connection) -> Result<Facts, ReadError> {
    let version = connection.facts().version.num;
    let mut sql =
        "begin isolation level repeatable read read only;\nset local search_path = '';\nset local jit = off;\n"
            .to_owned();
    for (number, (_, query)) in CLASSES.iter().enumerate() {
        add(&mut sql, number, query, version);
    }
    add(
        &mut sql,
        CLASSES.len(),
        &format!("{}where $user_schema(n)", include_str!("facts/function_columns.sql")),
        version,
    );
    let mut raw = RawFacts::default();
    for (number, answer) in answers(connection, &sql).await? {
        raw.add(CLASSES.get(number).map_or("functions", |(class, _)| *class), &answer)?;
    }
    let Referenced { functions, operators } = raw.referenced();
    let mut sql = String::new();
    let called = format!(
        "{}where p.oid in ({}) or p.oid in (select oprcode from pg_catalog.pg_operator where oid in ({}))",
        include_str!("facts/function_columns.sql"),
        list(&functions),
        list(&operators)
    );
    add(&mut sql, 0, &called, version);
    // With those that say the same the other way round: `a > b` is `b < a`, and not `a <= b`.
    let used = format!(
        "{}where o.oid in ({1}) or exists (select from pg_catalog.pg_operator u where u.oid in ({1}) and o.oid in \
         (u.oprnegate, u.oprcom)) or exists (select from pg_catalog.pg_operator u join pg_catalog.pg_operator w on w.oid = \
         u.oprnegate where u.oid in ({1}) and o.oid = w.oprcom)",
        include_str!("facts/operators.sql"),
        list(&operators)
    );
    add(&mut sql, 1, &used, version);
    sql.push_str("commit");
    let mut more = RawMore::default();
    for (number, answer) in answers(connection, &sql).await? {
        more.add(if number == 0 { "functions" } else { "operators" }, &answer)?;
    }
    Ok(raw.finish(more)?)
}

fn list(oids: &BTreeSet<Oid>) -> String {
    let mut text = "0".to_owned();
    for oid in oids {
        let _ = write!(text, ",{oid}");
    }
    text
}

/// Answers are told apart by the number of their question.
fn add(sql: &mut String, number: usize, query: &str, version: u32) {
    let query = expanded(query, version);
    let _ = writeln!(sql, "select {number} as question, coalesce(json_agg(q), '[]')::text as answer from ({query}) q;");
}

/// Puts in what several queries say in the same words.
fn expanded(query: &str, version: u32) -> String {
    let query = query.replace(
        "$user_schema(n)",
        "(n.nspname !~ '^pg_(toast|temp|toast_temp)' and n.nspname not in ('pg_catalog', 'information_schema'))",
    );
    let mut done = String::new();
    let mut rest = query.as_str();
    while let Some((before, after)) = rest.split_once("$grants(") {
        let (args, behind) = after.split_once(')').unwrap_or((after, ""));
        let [acl, kind, owner] = *args.split(", ").collect::<Vec<_>>().as_slice() else { break };
        let acl = if kind == "'c'" { acl.to_owned() } else { format!("coalesce({acl}, acldefault({kind}, {owner}))") };
        let _ = write!(
            done,
            "{before}coalesce((select json_agg(json_build_array(x.grantee::int8, x.privilege_type)) from aclexplode({acl}) x), \
             '[]'::json)"
        );
        rest = behind;
    }
    done.push_str(rest);
    match (done.split_once("{{16:"), version >= 160_000) {
        (Some((before, after)), new) => {
            let (either, behind) = after.split_once("}}").unwrap_or((after, ""));
            let (newer, older) = either.split_once('|').unwrap_or((either, either));
            format!("{before}{}{behind}", if new { newer } else { older })
        }
        (None, _) => done,
    }
}

async fn answers(connection: &mut Connection, sql: &str) -> Result<Vec<(usize, String)>, DbError> {
    let done = batch(connection, sql).await.map_err(|it| it.error)?;
    let mut answers = Vec::new();
    for row in &done.rows {
        // Everything is text in the simple protocol.
        let number: String = row.try_get_unchecked("question")?;
        let number =
            number.parse().map_err(|_| DbError::Unexpected { reason: format!("an answer to question {number}") })?;
        answers.push((number, row.try_get("answer")?));
    }
    Ok(answers)
}
