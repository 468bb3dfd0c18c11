//! Locks on relations, by name.

use std::fmt;

/// How strongly a statement locks a relation, in the words of
/// [the manual](https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES), from weak to strong. Weaker ones
/// than these stop nobody who reads or writes rows, and are not spoken of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LockMode {
    /// Others read and write; they do not change the relation or vacuum it.
    ShareUpdateExclusive,
    /// Others read; several can have it at a time.
    Share,
    /// Others read.
    ShareRowExclusive,
    /// Others read, but not `FOR UPDATE`.
    Exclusive,
    /// Others wait.
    AccessExclusive,
}

impl fmt::Display for LockMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ShareUpdateExclusive => "SHARE UPDATE EXCLUSIVE",
            Self::Share => "SHARE",
            Self::ShareRowExclusive => "SHARE ROW EXCLUSIVE",
            Self::Exclusive => "EXCLUSIVE",
            Self::AccessExclusive => "ACCESS EXCLUSIVE",
        })
    }
}
