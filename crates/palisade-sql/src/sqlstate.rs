//! The five characters that say what went wrong.

use std::fmt;

/// A SQLSTATE, from [Error Codes](https://www.postgresql.org/docs/current/errcodes-appendix.html).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SqlState([u8; 5]);

macro_rules! states {
    ($($(#[$doc:meta])* $name:ident = $code:literal;)*) => {
        impl SqlState {
            $($(#[$doc])* pub const $name: Self = Self(*$code);)*
        }
    };
}

states! {
    /// A connection broke.
    CONNECTION_FAILURE = b"08006";
    /// `not_null_violation`
    NOT_NULL_VIOLATION = b"23502";
    /// `foreign_key_violation`
    FOREIGN_KEY_VIOLATION = b"23503";
    /// `unique_violation`
    UNIQUE_VIOLATION = b"23505";
    /// `check_violation`
    CHECK_VIOLATION = b"23514";
    /// A statement that cannot run inside a transaction block was.
    ACTIVE_SQL_TRANSACTION = b"25001";
    /// A write on a read-only server or transaction.
    READ_ONLY_SQL_TRANSACTION = b"25006";
    /// A statement after an error in the same transaction.
    IN_FAILED_SQL_TRANSACTION = b"25P02";
    /// COMMIT inside a procedure or DO block that was called in a transaction.
    INVALID_TRANSACTION_TERMINATION = b"2D000";
    /// The server's `pg_hba.conf` or a proxy refused the address, the user or the database.
    INVALID_AUTHORIZATION = b"28000";
    /// Wrong password.
    INVALID_PASSWORD = b"28P01";
    /// The database does not exist.
    INVALID_CATALOG_NAME = b"3D000";
    /// The schema does not exist.
    INVALID_SCHEMA_NAME = b"3F000";
    /// `serialization_failure`
    SERIALIZATION_FAILURE = b"40001";
    /// `deadlock_detected`
    DEADLOCK_DETECTED = b"40P01";
    /// `insufficient_privilege`
    INSUFFICIENT_PRIVILEGE = b"42501";
    /// `syntax_error`
    SYNTAX_ERROR = b"42601";
    /// `duplicate_column`
    DUPLICATE_COLUMN = b"42701";
    /// `undefined_column`
    UNDEFINED_COLUMN = b"42703";
    /// An object of this name is there already; policies too.
    DUPLICATE_OBJECT = b"42710";
    /// `duplicate_function`
    DUPLICATE_FUNCTION = b"42723";
    /// `undefined_function`
    UNDEFINED_FUNCTION = b"42883";
    /// `undefined_table`
    UNDEFINED_TABLE = b"42P01";
    /// `duplicate_schema`
    DUPLICATE_SCHEMA = b"42P06";
    /// `duplicate_table`
    DUPLICATE_TABLE = b"42P07";
    /// A policy looks at its own table.
    INFINITE_RECURSION = b"42P17";
    /// An object of this kind is missing; roles too.
    UNDEFINED_OBJECT = b"42704";
    /// The disk is full.
    DISK_FULL = b"53100";
    /// `out_of_memory`
    OUT_OF_MEMORY = b"53200";
    /// `too_many_connections`
    TOO_MANY_CONNECTIONS = b"53300";
    /// Too deep a stack: helper functions that call each other without end.
    STATEMENT_TOO_COMPLEX = b"54001";
    /// `lock_timeout` ran out, or NOWAIT could not get the lock.
    LOCK_NOT_AVAILABLE = b"55P03";
    /// The statement was cancelled, for example by `statement_timeout`.
    QUERY_CANCELED = b"57014";
    /// The server is being shut down, or somebody ended our session.
    ADMIN_SHUTDOWN = b"57P01";
    /// The server crashed.
    CRASH_SHUTDOWN = b"57P02";
    /// The server is starting up or shutting down.
    CANNOT_CONNECT_NOW = b"57P03";
    /// `raise_exception`
    RAISE_EXCEPTION = b"P0001";
}

impl SqlState {
    /// Reads the five characters; `None` if they are not five digits or capital letters.
    pub fn parse(code: &str) -> Option<Self> {
        let bytes: [u8; 5] = code.as_bytes().try_into().ok()?;
        bytes.iter().all(|it| it.is_ascii_digit() || it.is_ascii_uppercase()).then_some(Self(bytes))
    }

    /// The five characters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The first two characters: the class of the error.
    pub fn class(&self) -> &str {
        &self.as_str()[..2]
    }
}

impl fmt::Display for SqlState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::SqlState;

    #[test]
    fn only_codes_are_codes() {
        assert_eq!(SqlState::parse("23505"), Some(SqlState::UNIQUE_VIOLATION));
        assert_eq!(SqlState::parse("2350"), None);
        assert_eq!(SqlState::parse("2350é"), None);
        assert_eq!(SqlState::LOCK_NOT_AVAILABLE.class(), "55");
    }
}
