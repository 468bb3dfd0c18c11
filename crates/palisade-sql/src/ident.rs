//! Identifiers: raw inside, always quoted when printed.

use std::fmt;

/// The longest identifier Postgres keeps, in bytes; longer ones are
/// [cut silently](https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS).
const MAX_BYTES: usize = 63;

/// A Postgres identifier as the catalog stores it: case-sensitive, not quoted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ident(String);

/// Why a text cannot be an identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentError {
    /// Postgres has no empty identifiers.
    #[error("an identifier cannot be empty")]
    Empty,
    /// A NUL byte ends a string on the wire.
    #[error("an identifier cannot contain a NUL byte")]
    Nul,
    /// Postgres would cut the name and then work on another object.
    #[error("`{name}` is {bytes} bytes long, Postgres keeps 63")]
    TooLong {
        /// The name as given.
        name: String,
        /// Its length.
        bytes: usize,
    },
}

impl Ident {
    /// Takes `name` exactly as the catalog would store it.
    ///
    /// # Errors
    ///
    /// Refuses `""`, NUL bytes, and names of more than 63 bytes, because Postgres would cut them.
    pub fn new(name: impl Into<String>) -> Result<Self, IdentError> {
        let name = name.into();
        if name.is_empty() {
            return Err(IdentError::Empty);
        }
        if name.contains('\0') {
            return Err(IdentError::Nul);
        }
        if name.len() > MAX_BYTES {
            let bytes = name.len();
            return Err(IdentError::TooLong { name, bytes });
        }
        Ok(Self(name))
    }

    /// The name as the catalog stores it, not quoted.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Always quoted, hence safe to splice into SQL: `order` prints as `"order"`.
impl fmt::Display for Ident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.replace('"', "\"\""))
    }
}

/// `schema.name`. There is no `FromStr`: a dot may be part of a name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QualifiedName {
    /// The schema.
    pub schema: Ident,
    /// The object inside it.
    pub name: Ident,
}

impl QualifiedName {
    /// Both parts as the catalog stores them.
    ///
    /// # Errors
    ///
    /// As [`Ident::new`], for either part.
    pub fn new(schema: impl Into<String>, name: impl Into<String>) -> Result<Self, IdentError> {
        Ok(Self { schema: Ident::new(schema)?, name: Ident::new(name)? })
    }
}

/// Both parts quoted, hence safe to splice into SQL.
impl fmt::Display for QualifiedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.schema, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::{Ident, IdentError, QualifiedName};

    #[test]
    fn hostile_names_are_quoted() {
        let name = QualifiedName::new("or\"der", "a.b; drop table x--").unwrap();
        assert_eq!(name.to_string(), r#""or""der"."a.b; drop table x--""#);
    }

    #[test]
    fn names_postgres_would_change_are_refused() {
        assert_eq!(Ident::new(""), Err(IdentError::Empty));
        assert_eq!(Ident::new("a\0b"), Err(IdentError::Nul));
        assert!(Ident::new("ü".repeat(31)).is_ok());
        assert!(matches!(Ident::new("ü".repeat(32)), Err(IdentError::TooLong { bytes: 64, .. })));
    }
}
