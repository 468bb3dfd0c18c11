//! Functions, procedures, aggregates.

use serde::{Deserialize, Serialize};

/// A function or procedure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Routine {
    /// `CREATE OR REPLACE FUNCTION …`, whole.
    pub definition: String,
    /// The arguments with names, modes and defaults.
    pub arguments: String,
    /// What it returns; nothing for procedures.
    pub result: Option<String>,
    /// The names of all arguments, outputs included; `""` for those without.
    pub names: Vec<String>,
    /// The mode of each argument: `i`, `o`, `b`, `v`, `t`. Empty if all are inputs.
    pub modes: Vec<String>,
    /// How many arguments have a default.
    pub defaults: u32,
    /// Whether it is a window function.
    pub window: bool,
    /// Its language.
    pub language: String,
    /// Whether the body is kept as text, which Postgres looks into only when it runs.
    pub body_is_text: bool,
}

/// An aggregate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Aggregate {
    /// Its arguments as `CREATE AGGREGATE` wants them.
    pub arguments: String,
    /// What it returns.
    pub result: String,
    /// What stands between the parentheses of `CREATE AGGREGATE`.
    pub options: String,
}
