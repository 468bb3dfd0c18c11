//! The few questions about a statement that its first words answer.

use crate::lex::{Token, TokenKind};
use crate::split::Statement;

/// A statement that begins or ends a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransactionControl {
    /// `BEGIN`, `START TRANSACTION`
    Begin,
    /// `COMMIT`, `END`
    Commit,
    /// `ROLLBACK`, `ABORT`; not `ROLLBACK TO`
    Rollback,
    /// `PREPARE TRANSACTION`, `COMMIT PREPARED`, `ROLLBACK PREPARED`
    TwoPhase,
}

/// A name as written in a statement: one or several parts, quotes resolved, unquoted parts in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectName {
    /// The parts; the last is the object's own name.
    pub parts: Vec<String>,
}

impl ObjectName {
    /// The object's own name.
    pub fn name(&self) -> &str {
        self.parts.last().map_or("", String::as_str)
    }

    /// The schema, where it was written.
    pub fn schema(&self) -> Option<&str> {
        self.parts.len().checked_sub(2).map(|it| self.parts[it].as_str())
    }
}

impl Statement<'_> {
    /// Whether it begins with these key words, in any case.
    pub fn begins_with(&self, words: &[&str]) -> bool {
        self.words_at(0, words)
    }

    /// Whether these key words stand at the token with this number.
    pub fn words_at(&self, index: usize, words: &[&str]) -> bool {
        self.tokens.len() >= index + words.len()
            && words.iter().zip(&self.tokens[index..]).all(|(word, token)| token.is(word))
    }

    /// Whether the key word stands anywhere outside strings and quoted names.
    pub fn contains(&self, word: &str) -> bool {
        self.tokens.iter().any(|it| it.is(word))
    }

    /// Whether it begins or ends a transaction.
    pub fn transaction_control(&self) -> Option<TransactionControl> {
        let second = self.tokens.get(1);
        let second_is = |word| second.is_some_and(|it: &Token<'_>| it.is(word));
        let first = self.tokens.first()?;
        if first.is("begin") || (first.is("start") && second_is("transaction")) {
            Some(TransactionControl::Begin)
        } else if (first.is("prepare") && second_is("transaction")) || second_is("prepared") {
            Some(TransactionControl::TwoPhase)
        } else if first.is("commit") || first.is("end") {
            Some(TransactionControl::Commit)
        } else if first.is("abort") || (first.is("rollback") && !self.contains("to")) {
            Some(TransactionControl::Rollback)
        } else {
            None
        }
    }

    /// Whether it is a `COPY` that waits for rows from, or sends rows to, the client.
    pub fn copies_through_client(&self) -> bool {
        self.begins_with(&["copy"]) && (self.contains("stdin") || self.contains("stdout"))
    }

    /// The name that begins at the token with this number, and the number of the token behind it.
    pub fn name_at(&self, index: usize) -> Option<(ObjectName, usize)> {
        let mut parts = vec![part(self.tokens.get(index)?)?];
        let mut next = index + 1;
        while self.tokens.get(next).is_some_and(|it| it.kind == TokenKind::Symbol('.')) {
            parts.push(part(self.tokens.get(next + 1)?)?);
            next += 2;
        }
        Some((ObjectName { parts }, next))
    }
}

fn part(token: &Token<'_>) -> Option<String> {
    match token.kind {
        TokenKind::Word => Some(token.text.to_lowercase()),
        TokenKind::QuotedIdent if token.text.starts_with('"') => {
            Some(token.text[1..token.text.len() - 1].replace("\"\"", "\""))
        }
        // `U&"…"` has escapes that only a server resolves.
        TokenKind::QuotedIdent | TokenKind::String | TokenKind::Number | TokenKind::Symbol(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::TransactionControl;
    use crate::split;

    #[test]
    fn transaction_control_is_recognised() {
        let check = |sql: &str| split(sql).unwrap()[0].transaction_control();
        assert_eq!(check("Begin isolation level serializable"), Some(TransactionControl::Begin));
        assert_eq!(check("start transaction"), Some(TransactionControl::Begin));
        assert_eq!(check("END"), Some(TransactionControl::Commit));
        assert_eq!(check("commit and chain"), Some(TransactionControl::Commit));
        assert_eq!(check("commit prepared 'x'"), Some(TransactionControl::TwoPhase));
        assert_eq!(check("rollback"), Some(TransactionControl::Rollback));
        assert_eq!(check("rollback to savepoint a"), None);
        assert_eq!(check("savepoint a"), None);
        assert_eq!(check("create function begin() returns int language sql return 1"), None);
    }

    #[test]
    fn names_lose_their_quotes() {
        let sql = r#"drop index Public."My ""Index""" cascade"#;
        let (name, next) = split(sql).unwrap()[0].name_at(2).unwrap();
        assert_eq!(name.parts, ["public", "My \"Index\""]);
        assert_eq!(next, 5);
    }

    #[test]
    fn rows_through_the_client() {
        let check = |sql: &str| split(sql).unwrap()[0].copies_through_client();
        assert!(check("copy t (a) from stdin"));
        assert!(!check("copy t from '/stdin'"));
    }
}
