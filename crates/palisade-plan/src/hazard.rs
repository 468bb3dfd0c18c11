//! Dangers that a statement shows by its key words.

use std::collections::BTreeSet;
use std::fmt;

use palisade_sql::{Statement, split};

/// How a step can hurt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hazard {
    /// Rows or columns are gone afterwards.
    DataLoss,
    /// A failure in the middle leaves the first part done.
    NotTransactional,
    /// Every row is written anew, under a lock that lets nobody read.
    Rewrite,
    /// Nobody can read or write the table meanwhile, for as long as every row takes to be looked at.
    BlocksReads,
    /// Nobody can write the table meanwhile, for as long as every row takes to be looked at.
    BlocksWrites,
    /// The rows that are there decide whether it works.
    MayFail,
    /// Somebody can do more, or less, than before.
    AccessChange,
}

impl fmt::Display for Hazard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DataLoss => "loses data",
            Self::NotTransactional => "not in one transaction",
            Self::Rewrite => "rewrites the table",
            Self::BlocksReads => "blocks reads",
            Self::BlocksWrites => "blocks writes",
            Self::MayFail => "may fail",
            Self::AccessChange => "changes access",
        })
    }
}

/// The hazards of a migration file's text. A text that cannot be read has none; running it fails before anything else.
pub fn hazards(sql: &str) -> BTreeSet<Hazard> {
    let mut found = BTreeSet::new();
    if sql.starts_with("-- no-transaction") {
        found.insert(Hazard::NotTransactional);
    }
    if split(sql).is_ok_and(|statements| statements.iter().any(loses_data)) {
        found.insert(Hazard::DataLoss);
    }
    found
}

fn loses_data(statement: &Statement<'_>) -> bool {
    let drops_relation =
        ["table", "schema", "database", "type", "sequence"].iter().any(|it| statement.begins_with(&["drop", it]))
            || statement.begins_with(&["drop", "materialized", "view"])
            || statement.begins_with(&["drop", "owned"]);
    let removes_rows = statement.begins_with(&["truncate"]) || statement.begins_with(&["delete"]);
    drops_relation || removes_rows || drops_column(statement)
}

/// `ALTER TABLE … DROP [COLUMN] name`: DROP with anything else behind it keeps the data.
fn drops_column(statement: &Statement<'_>) -> bool {
    const KEEPS: [&str; 5] = ["constraint", "default", "not", "identity", "expression"];
    statement.begins_with(&["alter", "table"])
        && statement.tokens.windows(2).any(|pair| pair[0].is("drop") && !KEEPS.iter().any(|it| pair[1].is(it)))
}

#[cfg(test)]
mod tests {
    use super::{Hazard, hazards};

    #[test]
    fn data_loss_is_seen() {
        let loses = |sql: &str| hazards(sql).contains(&Hazard::DataLoss);
        assert!(loses("create table a (); drop table b"));
        assert!(loses("alter table a add b int, drop c"));
        assert!(loses("alter table a drop column c"));
        assert!(loses("truncate a"));
        assert!(!loses("alter table a drop constraint c, alter b drop not null, alter d drop default"));
        assert!(!loses("drop index i; drop policy p on t; select 'drop table a'"));
    }

    #[test]
    fn no_transaction_is_a_hazard() {
        assert!(hazards("-- no-transaction\nselect 1").contains(&Hazard::NotTransactional));
    }
}
