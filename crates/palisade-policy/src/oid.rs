//! Identities of catalog rows.

use std::fmt;

/// The [number](https://www.postgresql.org/docs/current/datatype-oid.html) by which the server knows an object. It says nothing
/// in another database.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Oid(pub u32);

impl Oid {
    /// No object; as the role of a policy or a grant: `PUBLIC`.
    pub const NONE: Self = Self(0);
    /// `boolean`
    pub const BOOL: Self = Self(16);
    /// `uuid`
    pub const UUID: Self = Self(2950);
}

impl fmt::Display for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
