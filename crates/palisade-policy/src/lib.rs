//! What row security means.
//!
//! Everything here is computed from [`Facts`], which somebody else has read from a database: no input or output, no clock, no
//! driver.
//!
//! ```text
//! answers of the server ─▶ RawFacts ─▶ Facts ─▶ Access ─▶ matrix, lock file, findings, differences in words
//! ```
//!
//! Invariants:
//! - What an expression means is told from the parse tree that the server has stored, never from its text.
//! - Where something cannot be told, the answer says so; it is never the harmless one.

mod access;
mod body;
mod difference;
mod expr;
mod facts;
mod formula;
mod lint;
mod lockfile;
mod oid;
mod recursion;
mod rewrite;
mod tree;

pub use access::{
    Access, AccessCommand, Cell, Door, DoorKind, Predicate, Rights, Verdict, Why, concerned_roles, managed_relations,
};
pub use body::{Bodies, Body};
pub use difference::{AccessChange, Compare, Direction, access_difference};
pub use expr::*;
pub use facts::*;
pub use lint::{Finding, RuleInfo, Scope, Severity, lint, lint_rules};
pub use lockfile::{LOCK_HEADER, access_lock};
pub use oid::Oid;
pub use tree::{Node, Tagged, TreeError};
