//! Queries: the sub-selects of policies, the bodies of views and of functions.

use crate::Oid;
use crate::expr::{ColumnRef, Expr};

/// What a statement does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Command {
    /// `SELECT`
    Select,
    /// `UPDATE`
    Update,
    /// `INSERT`
    Insert,
    /// `DELETE`
    Delete,
    /// `MERGE`
    Merge,
    /// Anything else.
    Other,
}

/// One thing in `FROM`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RangeEntry {
    /// A table, a view, or their like.
    Relation {
        /// Which.
        relation: Oid,
        /// As what it is called in the query.
        name: String,
        /// Whether rows are read from it; else it is only the place of another one's rule.
        in_from: bool,
    },
    /// `(SELECT …)`
    Query(Box<Query>),
    /// `generate_series(…)`
    Functions(Vec<Expr>),
    /// A join: what each of its columns is.
    Join(Vec<Expr>),
    /// One of `WITH`, by its name.
    CommonTable(String),
    /// Rows that are written down, and whatever else.
    Other(Vec<Expr>),
}

/// One column of a result.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Target {
    /// Its name.
    pub name: String,
    /// Its value.
    pub expr: Expr,
    /// By which number sorting, grouping and the like refer to it; 0 if they do not.
    pub sort: u32,
    /// Whether it is only there for sorting and the like.
    pub junk: bool,
}

/// A query.
#[allow(clippy::struct_excessive_bools, reason = "each is one independent fact of its form")]
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Query {
    /// What it does.
    pub command: Command,
    /// Into which of [`relations`](Self::relations), from 1; 0 for none.
    pub result: usize,
    /// Those of `WITH`.
    pub common: Vec<(String, Query)>,
    /// What it reads from, and its own target.
    pub relations: Vec<RangeEntry>,
    /// The conditions of `WHERE`, `JOIN … ON` and `HAVING`; all of them hold.
    pub conditions: Vec<Expr>,
    /// What it gives.
    pub targets: Vec<Target>,
    /// All other expressions in it: `ORDER BY`, `LIMIT`, `RETURNING`, windows.
    pub others: Vec<Expr>,
    /// All else that it says, and each thing in `FROM`: joins, order, grouping, sets. Two queries that differ in it are different,
    /// and nothing else is asked of it: what is an expression in it stands elsewhere as well.
    pub form: Vec<Expr>,
    /// Whether a value of it is a set.
    pub sets: bool,
    /// Whether it aggregates without `GROUP BY`, so that it gives one row.
    pub aggregates: bool,
    /// Whether it groups.
    pub groups: bool,
    /// Whether it is a `UNION` or its like.
    pub combines: bool,
    /// The number behind `LIMIT`.
    pub limit: Option<i64>,
}

impl Query {
    /// The value of a query without a table that gives one row of one value.
    pub fn single_value(&self) -> Option<&Expr> {
        let plain = self.command == Command::Select
            && self.common.is_empty()
            && self.relations.iter().all(is_nothing)
            && self.conditions.is_empty()
            && !self.groups
            && !self.combines
            && self.limit.is_none()
            && self.others.is_empty()
            && !self.aggregates;
        match self.targets.as_slice() {
            [Target { expr, junk: false, .. }] if plain => Some(expr),
            _ => None,
        }
    }

    /// The tables it reads or writes itself, with their place among its relations; not those of queries in it.
    pub fn tables(&self) -> impl Iterator<Item = (usize, Oid)> {
        self.relations.iter().enumerate().filter_map(|(index, it)| match it {
            RangeEntry::Relation { relation, in_from: true, .. } => Some((index + 1, *relation)),
            RangeEntry::Relation { relation, .. } if index + 1 == self.result => Some((index + 1, *relation)),
            _ => None,
        })
    }

    /// The column of a table that a column is, through joins; `column` must be of level 0.
    pub fn resolve(&self, column: ColumnRef) -> Option<(Oid, i32)> {
        match self.relations.get(column.relation.checked_sub(1)?)? {
            RangeEntry::Relation { relation, .. } => Some((*relation, column.column)),
            RangeEntry::Join(columns) => {
                let index = usize::try_from(column.column).ok()?.checked_sub(1)?;
                match columns.get(index)?.without_casts() {
                    Expr::Column(inner) if *inner != column => self.resolve(*inner),
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

/// What stands there where there is no `FROM`: `RTE_RESULT`.
fn is_nothing(entry: &RangeEntry) -> bool {
    match entry {
        RangeEntry::Other(args) => {
            args.iter().all(|it| matches!(it, Expr::Other { tag, .. } if tag.contains("rtekind=\"8\"")))
        }
        _ => false,
    }
}
