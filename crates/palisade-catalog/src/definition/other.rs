//! Row security, replication, and what is made by one statement.

use serde::{Deserialize, Serialize};

/// Flags of row security.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowSecurity {
    /// Whether policies decide.
    pub enabled: bool,
    /// Whether they bind the table's owner too.
    pub forced: bool,
}

/// A row security policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// `ALL`, `SELECT`, `INSERT`, `UPDATE` or `DELETE`.
    pub command: String,
    /// Whether one policy that allows is enough.
    pub permissive: bool,
    /// Whom it is for; `""` is PUBLIC.
    pub roles: Vec<String>,
    /// Which rows are seen.
    pub using: Option<String>,
    /// Which rows may be written.
    pub check: Option<String>,
}

/// A publication. Its tables and schemas are objects of their own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Publication {
    /// Whether it takes all tables there are.
    pub all_tables: bool,
    /// What it publishes: `insert, update, delete, truncate`.
    pub publish: String,
    /// Whether changes of partitions are those of the partitioned table.
    pub via_root: bool,
    /// What happens to generated columns, from Postgres 18 on.
    pub generated_columns: Option<String>,
}

/// A table in a publication.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublicationTable {
    /// Schema and name of the table.
    pub table: (String, String),
    /// The columns, if not all.
    pub columns: Option<Vec<String>>,
    /// Which rows, if not all.
    pub filter: Option<String>,
}

/// A subscription. How to reach the publisher is no part of it: that holds a password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subscription {
    /// Whether changes are applied.
    pub enabled: bool,
    /// The publications on the other side.
    pub publications: Vec<String>,
    /// `name = value` as `ALTER SUBSCRIPTION … SET` takes them.
    pub options: String,
}

/// A foreign data wrapper, server or user mapping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// The statement that makes it, without options.
    pub create: String,
    /// `name=value`. Values of passwords are left out.
    pub options: Vec<String>,
    /// Names of options whose values are secret.
    pub secret: Vec<String>,
}

/// Anything that is made by one statement and replaced when that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opaque {
    /// The statement that makes it, as the server would write it.
    pub create: String,
    /// Statements behind it that bring it to its state.
    pub then: Vec<String>,
}
