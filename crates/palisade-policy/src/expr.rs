//! Expressions and queries, as far as row security depends on their form.

mod constant;
mod lower;
mod map;
mod query;
mod walk;

use crate::Oid;
use std::collections::BTreeSet;

pub use lower::{LowerError, lower_expression, lower_queries};
pub(crate) use map::{Renumber, renumbered_query};
pub use query::{Command, Query, RangeEntry, Target};

/// A value that stands in the text.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Value {
    /// `NULL`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A whole number of any size, and what the server counts as one.
    Int(i64),
    /// Text of any type of text.
    Text(String),
    /// A value of an enum.
    Label(String),
    /// A value of any other type, as the server stores it.
    Bytes(Vec<u8>),
}

/// Which column, seen from the query it stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ColumnRef {
    /// How many queries further out; 0 is the query it stands in.
    pub level: usize,
    /// Which relation of that query, from 1. In an expression outside of any query, the table it belongs to is 1.
    pub relation: usize,
    /// The number of the column, from 1; 0 is the whole row, negative ones are the system's.
    pub column: i32,
    /// Its type.
    pub data_type: Oid,
}

/// What the session decides: `current_user` and its like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SessionValue {
    /// `current_user`, `current_role`, `user`
    CurrentUser,
    /// `session_user`
    SessionUser,
    /// The date, the time, the schema, the database: the server's number of it.
    Other(u8),
}

/// How a sub-select is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SubLinkKind {
    /// `EXISTS (…)`
    Exists,
    /// `= ALL (…)`
    All,
    /// `= ANY (…)`, `IN (…)`
    Any,
    /// `(…)`, one value or one row.
    Scalar,
    /// `ARRAY (…)`
    Array,
    /// Any other.
    Other,
}

/// Which of the six tests of truth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TruthTest {
    /// `IS TRUE`
    True,
    /// `IS NOT TRUE`
    NotTrue,
    /// `IS FALSE`
    False,
    /// `IS NOT FALSE`
    NotFalse,
    /// `IS UNKNOWN`
    Unknown,
    /// `IS NOT UNKNOWN`
    NotUnknown,
}

/// An expression. Two are equal if they mean the same to the server in the same place: where they stood in a text is left out.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Expr {
    /// A value.
    Const {
        /// Its type.
        data_type: Oid,
        /// What it is.
        value: Value,
    },
    /// A column.
    Column(ColumnRef),
    /// A call of a function, written or as a cast.
    Call {
        /// Which.
        function: Oid,
        /// Whether it stands there as a cast.
        cast: bool,
        /// What it is called with.
        args: Vec<Expr>,
    },
    /// An operator.
    Operator {
        /// Which.
        operator: Oid,
        /// The function behind it.
        function: Oid,
        /// One or two.
        args: Vec<Expr>,
    },
    /// `a IS DISTINCT FROM b`
    Distinct {
        /// The equality that decides.
        operator: Oid,
        /// Both sides.
        args: Box<[Expr; 2]>,
    },
    /// `a = ANY (array)`, `a IN (list)`, `a = ALL (array)`
    InArray {
        /// Which operator.
        operator: Oid,
        /// The function behind it.
        function: Oid,
        /// `ANY`, else `ALL`.
        any: bool,
        /// The value and the array.
        args: Box<[Expr; 2]>,
    },
    /// `AND`
    And(Vec<Expr>),
    /// `OR`
    Or(Vec<Expr>),
    /// `NOT`
    Not(Box<Expr>),
    /// `IS NULL`, `IS NOT NULL`
    IsNull {
        /// Of what.
        arg: Box<Expr>,
        /// `IS NOT NULL`
        negated: bool,
    },
    /// `IS TRUE` and its like.
    Truth {
        /// Of what.
        arg: Box<Expr>,
        /// Which.
        test: TruthTest,
    },
    /// `COALESCE`
    Coalesce(Vec<Expr>),
    /// `CASE`
    Case {
        /// What each branch compares, if anything.
        arg: Option<Box<Expr>>,
        /// Conditions and results.
        branches: Vec<(Expr, Expr)>,
        /// The result of none of them.
        otherwise: Box<Expr>,
    },
    /// A cast that calls no function that has a number here.
    Cast {
        /// Of what.
        arg: Box<Expr>,
        /// To which type.
        data_type: Oid,
        /// Whether the value stays byte for byte what it is.
        relabels: bool,
    },
    /// `ARRAY[…]`
    Array(Vec<Expr>),
    /// What the session decides.
    Session(SessionValue),
    /// A sub-select.
    SubLink {
        /// How it is used.
        kind: SubLinkKind,
        /// What is compared with its rows; its own columns are [`Expr::Other`] of the tag `PARAM`.
        test: Option<Box<Expr>>,
        /// The query.
        query: Box<Query>,
    },
    /// Anything else, by its tag, with the expressions in it.
    Other {
        /// The server's name of it.
        tag: String,
        /// What is in it.
        args: Vec<Expr>,
    },
}

impl Expr {
    /// `true`
    pub const TRUE: Self = Self::Const { data_type: Oid::BOOL, value: Value::Bool(true) };

    /// The expression that decides: what casts that change no value stand around.
    pub fn without_casts(&self) -> &Self {
        match self {
            Self::Cast { arg, .. } => arg.without_casts(),
            // Casts of users may do anything.
            Self::Call { function: Oid(..16_384), cast: true, args } if args.len() == 1 => args[0].without_casts(),
            _ => self,
        }
    }

    /// What a sub-select of one value without a table gives, as `(select auth.uid())`; itself otherwise.
    pub fn unwrapped(&self) -> &Self {
        match self {
            Self::SubLink { kind: SubLinkKind::Scalar, test: None, query } => {
                match query.single_value().filter(|_| !query.sets) {
                    Some(value) => value.unwrapped(),
                    None => self,
                }
            }
            _ => self,
        }
    }

    /// The same value in another guise: without wrapping sub-selects and casts that change nothing.
    pub fn same_value(&self) -> &Self {
        match self.unwrapped() {
            Self::Cast { arg, relabels: true, .. } => arg.same_value(),
            other => other,
        }
    }

    /// Without casts and wrapping sub-selects, in whatever order they stand around it.
    pub fn core(&self) -> &Self {
        let inner = self.unwrapped().without_casts();
        if std::ptr::eq(inner, self) { self } else { inner.core() }
    }

    /// The parts of a conjunction; of anything else, itself.
    pub fn conjuncts(&self) -> Vec<&Self> {
        match self {
            Self::And(parts) => parts.iter().flat_map(Self::conjuncts).collect(),
            _ => vec![self],
        }
    }

    /// The parts of a disjunction; of anything else, itself.
    pub fn disjuncts(&self) -> Vec<&Self> {
        match self {
            Self::Or(parts) => parts.iter().flat_map(Self::disjuncts).collect(),
            _ => vec![self],
        }
    }

    /// Whether there is a sub-select in it.
    pub fn has_sub_select(&self) -> bool {
        let mut found = false;
        self.walk(&mut |it, _| found |= matches!(it, Self::SubLink { .. }));
        found
    }

    /// All functions that it calls, in sub-selects and behind operators too.
    pub fn functions(&self) -> BTreeSet<Oid> {
        let mut all = BTreeSet::new();
        self.walk(&mut |it, _| match it {
            Self::Call { function, .. } | Self::Operator { function, .. } | Self::InArray { function, .. } => {
                all.insert(*function);
            }
            _ => {}
        });
        all
    }

    /// All operators in it.
    pub fn operators(&self) -> BTreeSet<Oid> {
        let mut all = BTreeSet::new();
        self.walk(&mut |it, _| {
            if let Self::Operator { operator, .. } | Self::InArray { operator, .. } = it {
                all.insert(*operator);
            }
        });
        all
    }

    /// All relations that its sub-selects read.
    pub fn relations(&self) -> BTreeSet<Oid> {
        let mut all = BTreeSet::new();
        self.walk_queries(&mut |query, _| all.extend(query.tables().map(|(_, it)| it)));
        all
    }

    /// The columns of the table that it belongs to, wherever they stand; see [`ColumnRef::column`].
    pub fn own_columns(&self) -> BTreeSet<i32> {
        let mut all = BTreeSet::new();
        self.walk(&mut |it, depth| {
            if let Self::Column(ColumnRef { level, column, .. }) = it
                && *level == depth
            {
                all.insert(*column);
            }
        });
        all
    }

    /// The constant that it is.
    pub fn value(&self) -> Option<&Value> {
        match self {
            Self::Const { value, .. } => Some(value),
            _ => None,
        }
    }
}
