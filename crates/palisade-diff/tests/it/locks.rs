//! What statements lock, asked of the server.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use futures_util::{StreamExt as _, stream};
use palisade_db::{Connection, batch, introspect};
use palisade_diff::{Options, Script, Transaction, diff};
use palisade_embedded::ScratchDatabase;
use palisade_sql::split;
use palisade_tests::{connection, database, query};

use crate::fixtures::pairs;

/// Relations that are there, by number: tables, views and sequences.
const RELATIONS: &str = "select concat_ws(' ', c.oid, quote_ident(n.nspname) || '.' || quote_ident(c.relname)) \
     from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace \
     where c.oid >= 16384 and c.relkind in ('r', 'p', 'f', 'v', 'm', 'S')";

/// What this transaction has locked.
const LOCKS: &str = "select concat_ws(' ', l.relation, l.mode) from pg_catalog.pg_locks l \
     join pg_catalog.pg_database d on d.oid = l.database and d.datname = pg_catalog.current_database() \
     where l.pid = pg_catalog.pg_backend_pid() and l.locktype = 'relation' and l.relation >= 16384";

/// From weak to strong, as the view and as people name them. What is weaker stops nobody who reads or writes.
const MODES: [(&str, &str); 5] = [
    ("ShareUpdateExclusiveLock", "SHARE UPDATE EXCLUSIVE"),
    ("ShareLock", "SHARE"),
    ("ShareRowExclusiveLock", "SHARE ROW EXCLUSIVE"),
    ("ExclusiveLock", "EXCLUSIVE"),
    ("AccessExclusiveLock", "ACCESS EXCLUSIVE"),
];

async fn load(sql: &str) -> (ScratchDatabase, Connection) {
    let database = database().await;
    let mut loading = connection(&database).await;
    for statement in split(sql).unwrap() {
        batch(&mut loading, statement.text).await.unwrap();
    }
    drop(loading);
    let connection = connection(&database).await;
    (database, connection)
}

/// Number and text of each row.
async fn numbered(connection: &mut Connection, sql: &str) -> Vec<(u32, String)> {
    let rows = query(connection, sql).await;
    rows.iter()
        .filter_map(|it| it.split_once(' '))
        .map(|(number, text)| (number.parse().unwrap(), text.to_owned()))
        .collect()
}

/// Runs a script statement by statement; each that locks something else than it says is a line.
async fn check(connection: &mut Connection, script: &Script) -> String {
    let old: BTreeSet<u32> = numbered(connection, RELATIONS).await.into_iter().map(|it| it.0).collect();
    let mut wrong = String::new();
    for statement in &script.statements {
        if statement.transaction == Transaction::Outside {
            batch(connection, &statement.sql).await.unwrap();
            continue;
        }
        let names: BTreeMap<u32, String> = numbered(connection, RELATIONS).await.into_iter().collect();
        let run = format!("begin; {}; {LOCKS}; commit", statement.sql);
        let mut found: BTreeMap<&str, usize> = BTreeMap::new();
        for (number, mode) in numbered(connection, &run).await {
            let strength = MODES.iter().position(|it| it.0 == mode);
            if let (true, Some(name), Some(strength)) = (old.contains(&number), names.get(&number), strength) {
                let known = found.entry(name).or_default();
                *known = strength.max(*known);
            }
        }
        let found: BTreeSet<String> = found.iter().map(|(name, it)| format!("{} on {name}", MODES[*it].1)).collect();
        let said: BTreeSet<String> =
            statement.locks.iter().map(|it| format!("{} on {}", it.mode, it.relation)).collect();
        if found != said {
            let sql = statement.sql.lines().next().unwrap_or_default();
            writeln!(wrong, "{sql}\n    locks {found:?}\n    says  {said:?}").unwrap();
        }
    }
    wrong
}

#[tokio::test]
async fn statements_lock_what_they_say() {
    let judged = stream::iter(pairs().await).map(async |(name, old, new)| (name, both(&old, &new).await));
    let judged: Vec<(String, String)> = judged.buffer_unordered(4).collect().await;
    let wrong = judged.iter().filter(|(_, lines)| !lines.is_empty());
    let wrong: Vec<String> = wrong.map(|(name, lines)| format!("== {name}\n{lines}")).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

async fn both(old: &str, new: &str) -> String {
    let ((old_database, mut old), (new_database, mut new)) = (load(old).await, load(new).await);
    let left = introspect::everything(&mut old).await.unwrap();
    let right = introspect::everything(&mut new).await.unwrap();
    let mut wrong = String::new();
    for (connection, from, to) in [(&mut old, &left, &right), (&mut new, &right, &left)] {
        if let Ok(script) = diff(from, to, &Options::ALL) {
            wrong.push_str(&check(connection, &script).await);
        }
    }
    drop((old, new));
    old_database.close().await.unwrap();
    new_database.close().await.unwrap();
    wrong
}
