//! An error of the server, placed in the file it came from.

use std::fmt;

use palisade_sql::{Excerpt, byte_of_character, excerpt};

use crate::error::DbError;

/// A piece of SQL with its name.
#[derive(Debug, Clone, Copy)]
pub struct SqlText<'a> {
    /// The file, relative to the project.
    pub file: &'a str,
    /// Its whole text.
    pub text: &'a str,
}

/// What went wrong where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlFailure {
    /// The file, relative to the project.
    pub file: String,
    /// The line, where it is known.
    pub excerpt: Option<Excerpt>,
    /// What the server said.
    pub error: DbError,
}

impl SqlFailure {
    /// Places an error whose position counts from the start of the file plus `offset` characters. Where the server names no
    /// position, the statement that began at byte `statement` is shown.
    pub fn new(source: SqlText<'_>, error: DbError, offset: usize, statement: Option<usize>) -> Self {
        let position = error.server().and_then(|it| it.position);
        let byte = position
            .and_then(|it| it.checked_sub(offset))
            .and_then(|it| byte_of_character(source.text, it))
            .or(statement);
        Self { file: source.file.to_owned(), excerpt: byte.map(|it| excerpt(source.text, it)), error }
    }

    /// What to do next.
    pub fn help(&self) -> Option<String> {
        self.error.help()
    }
}

/// Message, place, line with a caret, and what the server adds.
impl fmt::Display for SqlFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n --> {}", self.error, self.file)?;
        if let Some(excerpt) = &self.excerpt {
            write!(f, ":{}\n{excerpt}", excerpt.at)?;
        }
        let Some(server) = self.error.server() else { return Ok(()) };
        for (name, text) in [("detail", &server.detail), ("hint", &server.hint), ("context", &server.context)] {
            if let Some(text) = text {
                write!(f, "\n{name}: {text}")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for SqlFailure {}

#[cfg(test)]
mod tests {
    use super::{SqlFailure, SqlText};
    use crate::error::{DbError, ServerError};
    use palisade_sql::SqlState;

    #[test]
    fn the_caret_stands_under_the_server_position() {
        let error = ServerError {
            sqlstate: Some(SqlState::UNDEFINED_TABLE),
            message: "relation \"usres\" does not exist".to_owned(),
            detail: None,
            hint: None,
            position: Some(10 + 24),
            context: None,
            table: None,
            constraint: None,
        };
        let source = SqlText { file: "migrations/1_a.sql", text: "select 1;\nselect * from usres;\n" };
        let failure = SqlFailure::new(source, DbError::Server(Box::new(error)), 10, Some(0));
        assert_eq!(
            failure.to_string(),
            "relation \"usres\" does not exist (SQLSTATE 42P01)\n --> migrations/1_a.sql:2:15\n2 | select * from usres;\n  |               ^"
        );
    }
}
