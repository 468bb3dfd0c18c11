//! Postgres has no `CREATE POLICY IF NOT EXISTS`: without a `DROP POLICY IF EXISTS` before it, a file works once and
//! fails with "policy already exists" ever after.

use std::collections::BTreeSet;

use palisade_sql::{ObjectName, Statement};

use crate::check::Reason;

/// The policies that a `DROP POLICY IF EXISTS` came before, by policy and table. The schema is left out: one file may
/// write it and the next may not, and a policy that is dropped in one schema and created in another is rare.
#[derive(Debug, Default)]
pub(crate) struct Dropped(BTreeSet<(String, String)>);

impl Dropped {
    /// Notes a `DROP POLICY`; refuses a `CREATE POLICY` that none came before.
    pub(crate) fn refuse(&mut self, it: &Statement<'_>) -> Option<Reason> {
        if let Some((policy, table)) = named(it, &["drop", "policy", "if", "exists"]) {
            self.0.insert((policy.name().to_owned(), table.name().to_owned()));
        }
        let (policy, table) = named(it, &["create", "policy"])?;
        if self.0.remove(&(policy.name().to_owned(), table.name().to_owned())) {
            return None;
        }
        let written = |from: usize, to: usize| {
            let (first, last) = (it.tokens.get(from), it.tokens.get(to));
            first.zip(last).map_or("", |(first, last)| &it.text[first.start - it.start..last.end() - it.start])
        };
        let (_, on) = it.name_at(2)?;
        let (_, end) = it.name_at(on + 1)?;
        let instead =
            format!("put `drop policy if exists {} on {};` before it", written(2, 2), written(on + 1, end - 1));
        Some(Reason::NotRepeatable { instead })
    }
}

/// The names of a policy and of its table, of a statement that begins with `words`.
fn named(it: &Statement<'_>, words: &[&str]) -> Option<(ObjectName, ObjectName)> {
    if !it.begins_with(words) {
        return None;
    }
    let (policy, on) = it.name_at(words.len())?;
    let (table, _) = it.words_at(on, &["on"]).then(|| it.name_at(on + 1))??;
    Some((policy, table))
}
