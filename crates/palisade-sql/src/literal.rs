//! String literals, quoted by type.

use std::fmt;

/// A string that prints as a complete SQL string literal.
///
/// A text with a backslash takes the `E'…'` form, as `quote_literal` does: it then means the same whatever
/// [`standard_conforming_strings`](https://www.postgresql.org/docs/current/runtime-config-compatible.html) says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Literal(String);

/// Why a text cannot be a literal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LiteralError {
    /// Postgres stores no NUL in any text type.
    #[error("a text value cannot contain a NUL byte")]
    Nul,
}

impl Literal {
    /// Takes the value, not quoted.
    ///
    /// # Errors
    ///
    /// [`LiteralError::Nul`], the one character that Postgres cannot store.
    pub fn new(value: impl Into<String>) -> Result<Self, LiteralError> {
        let value = value.into();
        if value.contains('\0') { Err(LiteralError::Nul) } else { Ok(Self(value)) }
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let doubled = self.0.replace('\'', "''");
        if doubled.contains('\\') {
            // The leading space keeps an identifier before it from swallowing the `E`.
            write!(f, " E'{}'", doubled.replace('\\', "\\\\"))
        } else {
            write!(f, "'{doubled}'")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Literal;

    #[test]
    fn quotes_and_backslashes() {
        assert_eq!(Literal::new("o'clock").unwrap().to_string(), "'o''clock'");
        assert_eq!(Literal::new(r"a\'b").unwrap().to_string(), r" E'a\\''b'");
        assert!(Literal::new("a\0").is_err());
    }
}
