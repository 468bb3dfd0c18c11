//! Tables, views, sequences, and what belongs to them.

use serde::{Deserialize, Serialize};

/// How a table stores its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TableKind {
    /// By itself.
    #[serde(rename = "r")]
    Ordinary,
    /// In its partitions.
    #[serde(rename = "p")]
    Partitioned,
    /// On another server.
    #[serde(rename = "f")]
    Foreign,
}

/// A table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// How it stores its rows.
    pub kind: TableKind,
    /// Whether its rows are not logged, and lost in a crash.
    pub unlogged: bool,
    /// Its access method, where it is not `heap`.
    pub access_method: Option<String>,
    /// Its tablespace, where it is not the database's.
    pub tablespace: Option<String>,
    /// What decides into which partition a row goes: `RANGE (created_at)`.
    pub partition_key: Option<String>,
    /// The tables that it inherits from, each as schema and name. Of a partition, the one that it is a partition of.
    pub parents: Vec<(String, String)>,
    /// Which rows of its parent it takes: `FOR VALUES FROM … TO …`.
    pub bound: Option<String>,
    /// The composite type that it was made of.
    pub of_type: Option<String>,
    /// Storage parameters, `name=value`.
    pub options: Vec<String>,
    /// Storage parameters of its TOAST table.
    pub toast_options: Vec<String>,
    /// How a replica finds rows: `d`efault, `n`othing, `f`ull, `i`ndex.
    pub replica_identity: String,
    /// The foreign server.
    pub server: Option<String>,
    /// Options of the foreign table.
    pub foreign_options: Vec<String>,
}

impl Table {
    /// Whether it is a partition of another table.
    pub fn is_partition(&self) -> bool {
        self.bound.is_some()
    }
}

/// A column of a table or view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(clippy::struct_excessive_bools, reason = "each is one independent answer of the server")]
pub struct Column {
    /// Its place in the table, with gaps where columns were dropped.
    pub position: u32,
    /// Its type.
    pub data_type: String,
    /// Its collation, if that is not the type's.
    pub collation: Option<String>,
    /// Whether it refuses NULL.
    pub not_null: bool,
    /// From Postgres 18 on, the name of the constraint that does so.
    pub not_null_name: Option<String>,
    /// What is said about that constraint.
    pub not_null_comment: Option<String>,
    /// Whether that constraint was declared in this table itself.
    #[serde(default)]
    pub not_null_local: bool,
    /// Whether that constraint is not handed on to children.
    #[serde(default)]
    pub not_null_no_inherit: bool,
    /// Whether all stored rows are known to obey it; `true` where there is none.
    #[serde(default = "yes")]
    pub not_null_validated: bool,
    /// Whether it numbers rows by itself.
    pub identity: Option<Box<Identity>>,
    /// How values are stored, if not as the type says: `p`lain, `e`xternal, `m`ain, e`x`tended.
    pub storage: Option<String>,
    /// How large values are compressed, if said: `p`glz, `l`z4.
    pub compression: Option<String>,
    /// How many values the planner keeps statistics of, if said.
    pub statistics: Option<i32>,
    /// `n_distinct` and the like, `name=value`.
    #[serde(default)]
    pub options: Vec<String>,
    /// Options of a column of a foreign table.
    #[serde(default)]
    pub foreign_options: Vec<String>,
    /// Whether it was declared in this table itself.
    pub local: bool,
    /// How many parents it was inherited from.
    pub inherited: u32,
}

fn yes() -> bool {
    true
}

/// `GENERATED … AS IDENTITY`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// `ALWAYS` rather than `BY DEFAULT`.
    pub always: bool,
    /// Schema and name of its sequence.
    pub sequence: (String, String),
    /// How it counts.
    pub options: SequenceOptions,
}

/// How a sequence counts. Numbers are texts, because they fill 64 bits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SequenceOptions {
    /// Its type.
    pub data_type: String,
    /// The first number.
    pub start: String,
    /// The step.
    pub increment: String,
    /// The smallest number.
    pub min: String,
    /// The largest number.
    pub max: String,
    /// How many a session takes at once.
    pub cache: String,
    /// Whether it begins again at the end.
    pub cycle: bool,
    /// Whether it is not logged.
    pub unlogged: bool,
}

/// A sequence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sequence {
    /// How it counts.
    pub options: SequenceOptions,
    /// The column that it is dropped with: schema, table, column.
    pub owned_by: Option<(String, String, String)>,
}

/// How a generated column is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Generated {
    /// Computed when a row is written.
    #[serde(rename = "s")]
    Stored,
    /// Computed when a row is read; from Postgres 18 on.
    #[serde(rename = "v")]
    Virtual,
}

/// What a column holds when nothing is said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Default {
    /// The expression.
    pub expression: String,
    /// How, if the column is generated.
    pub generated: Option<Generated>,
}

/// What a constraint wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ConstraintKind {
    /// `CHECK`
    #[serde(rename = "c")]
    Check,
    /// `FOREIGN KEY`
    #[serde(rename = "f")]
    ForeignKey,
    /// `PRIMARY KEY`
    #[serde(rename = "p")]
    PrimaryKey,
    /// `UNIQUE`
    #[serde(rename = "u")]
    Unique,
    /// `EXCLUDE`
    #[serde(rename = "x")]
    Exclude,
}

impl ConstraintKind {
    /// Whether an index stands behind it.
    pub fn has_index(self) -> bool {
        match self {
            Self::PrimaryKey | Self::Unique | Self::Exclude => true,
            Self::Check | Self::ForeignKey => false,
        }
    }
}

/// A constraint of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(clippy::struct_excessive_bools, reason = "each is one independent answer of the server")]
pub struct Constraint {
    /// What it wants.
    pub kind: ConstraintKind,
    /// `CHECK (…)` and so on, with `DEFERRABLE`, `NO INHERIT`, `NOT VALID` behind it where that is so.
    pub definition: String,
    /// The table that it refers to.
    pub references: Option<(String, String)>,
    /// Whether it can wait until the end of the transaction.
    pub deferrable: bool,
    /// Whether it does wait if nothing else is said.
    pub deferred: bool,
    /// Whether all stored rows are known to obey it.
    pub validated: bool,
    /// Whether it is checked at all; can be false from Postgres 18 on.
    pub enforced: bool,
    /// Whether children do not get it.
    pub no_inherit: bool,
    /// Whether it was declared in this table itself.
    pub local: bool,
    /// How many parents it was inherited from.
    pub inherited: u32,
    /// The constraint of the partitioned table that it is a part of: schema, table, name.
    pub parent: Option<(String, String, String)>,
    /// What stands behind a constraint that has an index.
    pub index: Option<Box<ConstraintIndex>>,
}

/// The index behind a constraint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConstraintIndex {
    /// Storage parameters, `name=value`.
    #[serde(default)]
    pub options: Vec<String>,
    /// Its tablespace, where it is not the database's.
    pub tablespace: Option<String>,
    /// Whether `CLUSTER` orders the table by it.
    pub clustered: bool,
    /// Whether replicas find rows by it.
    pub replica_identity: bool,
    /// What is said about the index.
    pub comment: Option<String>,
    /// Statistics targets of its columns: number of the column, target.
    #[serde(default)]
    pub statistics: Vec<(u32, i32)>,
}

/// An index that no constraint owns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(clippy::struct_excessive_bools, reason = "each is one independent answer of the server")]
pub struct Index {
    /// `CREATE INDEX …`, whole; of a partitioned table with `ONLY`.
    pub definition: String,
    /// Schema and name of the table or materialized view.
    pub table: (String, String),
    /// Whether it refuses equal rows.
    pub unique: bool,
    /// Whether queries use it. A failed `CREATE INDEX CONCURRENTLY` leaves one that is not.
    pub valid: bool,
    /// Whether the table is partitioned.
    pub partitioned: bool,
    /// The index of the partitioned table that it is a part of: schema and name.
    pub parent: Option<(String, String)>,
    /// Whether `CLUSTER` orders the table by it.
    pub clustered: bool,
    /// Whether replicas find rows by it.
    pub replica_identity: bool,
    /// Its tablespace, where it is not the database's.
    pub tablespace: Option<String>,
    /// Statistics targets of its columns: number of the column, target.
    #[serde(default)]
    pub statistics: Vec<(u32, i32)>,
}

/// A view, materialized or not. Its columns are objects of their own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct View {
    /// The query.
    pub query: String,
    /// `security_invoker=true`, `check_option=local`, storage parameters of a materialized one.
    pub options: Vec<String>,
    /// Access method of a materialized one, where it is not `heap`.
    pub access_method: Option<String>,
    /// Tablespace of a materialized one, where it is not the database's.
    pub tablespace: Option<String>,
    /// Whether a materialized one holds rows.
    pub populated: bool,
}

/// A rewrite rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// `CREATE RULE …`, whole.
    pub definition: String,
    /// When it fires: `O`rigin, `D`isabled, `R`eplica, `A`lways.
    pub enabled: String,
}

/// A trigger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trigger {
    /// `CREATE TRIGGER …`, whole.
    pub definition: String,
    /// When it fires: `O`rigin, `D`isabled, `R`eplica, `A`lways.
    pub enabled: String,
    /// Whether it is a constraint trigger.
    pub constraint: bool,
    /// Whether the one of the partitioned table brought it.
    pub inherited: bool,
}
