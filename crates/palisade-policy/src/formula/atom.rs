//! What formulas are made of.

use crate::Oid;
use crate::expr::Expr;
use crate::formula::bdd::Ref;
use std::collections::BTreeSet;

/// When a condition is true, and when it is false; else it is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Truth {
    pub(crate) is_true: Ref,
    pub(crate) is_false: Ref,
}

impl Truth {
    pub(crate) const TRUE: Self = Self { is_true: Ref::TRUE, is_false: Ref::FALSE };
    pub(crate) const FALSE: Self = Self { is_true: Ref::FALSE, is_false: Ref::TRUE };
    pub(crate) const UNKNOWN: Self = Self { is_true: Ref::FALSE, is_false: Ref::FALSE };

    pub(crate) fn not(self) -> Self {
        Self { is_true: self.is_false, is_false: self.is_true }
    }
}

/// In whose eyes a condition is read.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct View<'a> {
    /// The table that it belongs to.
    pub(crate) relation: Oid,
    /// What `current_user` is, if that is known.
    pub(crate) role: Option<&'a str>,
    /// Functions whose result is taken to be NULL: those that say who the caller is.
    pub(crate) null_functions: Option<&'a BTreeSet<Oid>>,
    /// Whether that makes nothing true: `IS NULL` and its like of what is null for that reason are unknown.
    pub(crate) null_proves_nothing: bool,
}

/// What a variable says of an expression.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Atom {
    /// It is null.
    Null(Expr),
    /// It is true.
    True(Expr),
    /// It is false, if it is not true.
    FalseElseNull(Expr),
}

impl Atom {
    /// The expression.
    pub(crate) fn expr(&self) -> &Expr {
        match self {
            Self::Null(it) | Self::True(it) | Self::FalseElseNull(it) => it,
        }
    }
}
