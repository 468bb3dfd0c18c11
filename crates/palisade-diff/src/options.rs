//! What the caller decides.

use std::collections::BTreeMap;

use palisade_catalog::{Compared, ObjectKey};

/// What the caller decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Prefers forms that let others read and write meanwhile, though they take several transactions.
    pub online: bool,
    /// Which sides of objects are compared.
    pub compared: Compared,
    /// How values of a column become values of its new type: an expression for each column, for `USING`.
    pub using: BTreeMap<ObjectKey, String>,
}

impl Options {
    /// Everything is compared, the plain forms are used.
    pub const ALL: Self = Self { online: false, compared: Compared::ALL, using: BTreeMap::new() };
}
