//! What `pg_dump --schema-only` wrote, as a set of statements: whether two databases hold the same, told by a program that
//! shares no code with us.

use std::collections::BTreeMap;
use std::fmt;

use crate::lex::{LexError, Token, TokenKind};
use crate::split::{Statement, split};

/// The statements of a dump, without what says nothing about the schema: comments, settings, the order of statements and that
/// of the columns of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dump {
    /// How often each statement stands there.
    statements: BTreeMap<String, usize>,
}

/// A statement that only one of two dumps holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DumpDifference {
    /// Only the left one.
    Left(String),
    /// Only the right one.
    Right(String),
}

impl Dump {
    /// Reads the text that `pg_dump --schema-only` wrote.
    ///
    /// # Errors
    ///
    /// [`LexError`] if it is no SQL.
    pub fn parse(text: &str) -> Result<Self, LexError> {
        let text: String = text.split_inclusive('\n').filter(|it| !is_restriction(it)).collect();
        let (mut tablespace, mut access_method) = (String::new(), String::new());
        let mut found = Self::default();
        for statement in split(&text)? {
            if statement.begins_with(&["set"]) {
                // These two decide what the statements behind them make.
                let value = statement.tokens.last().map_or("", |it| it.text);
                match statement.tokens.get(1) {
                    Some(it) if it.is("default_tablespace") => value.clone_into(&mut tablespace),
                    Some(it) if it.is("default_table_access_method") => value.clone_into(&mut access_method),
                    _ => {}
                }
                continue;
            }
            if statement.begins_with(&["select"]) {
                // `SELECT pg_catalog.set_config('search_path', '', false)`
                continue;
            }
            let mut text = normalised(&statement);
            if lies_in_tablespace(&statement) && !matches!(tablespace.as_str(), "" | "''") {
                text.extend(["\nTABLESPACE ", tablespace.as_str()]);
            }
            if has_access_method(&statement) && !matches!(access_method.as_str(), "" | "heap") {
                text.extend(["\nUSING ", access_method.as_str()]);
            }
            *found.statements.entry(text).or_default() += 1;
        }
        Ok(found)
    }

    /// The statements that stand in one of both only, sorted.
    pub fn difference(&self, other: &Self) -> Vec<DumpDifference> {
        let more = |these: &Self, those: &Self| -> Vec<String> {
            let count = |text: &String| those.statements.get(text).copied().unwrap_or_default();
            let extra = these.statements.iter().filter(|(text, number)| **number > count(text));
            extra.map(|(text, _)| text.clone()).collect()
        };
        let left = more(self, other).into_iter().map(DumpDifference::Left);
        left.chain(more(other, self).into_iter().map(DumpDifference::Right)).collect()
    }
}

impl fmt::Display for DumpDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, text) = match self {
            Self::Left(text) => ('-', text),
            Self::Right(text) => ('+', text),
        };
        for (index, line) in text.lines().enumerate() {
            let end = if index == 0 { "" } else { "\n" };
            write!(f, "{end}{sign} {line}")?;
        }
        Ok(())
    }
}

/// `\restrict` with a word that differs from dump to dump.
fn is_restriction(line: &str) -> bool {
    line.starts_with("\\restrict ") || line.starts_with("\\unrestrict ")
}

/// The text of a statement; the columns and constraints of a table are sorted.
fn normalised(statement: &Statement<'_>) -> String {
    let Some((open, close)) = columns(statement) else { return statement.text.to_owned() };
    let place = |token: &Token<'_>| token.start - statement.start;
    let (begin, end) = (place(&statement.tokens[open]) + 1, place(&statement.tokens[close]));
    let (mut items, mut depth, mut from) = (Vec::new(), 0_usize, begin);
    for token in &statement.tokens[open + 1..close] {
        match token.kind {
            TokenKind::Symbol('(' | '[') => depth += 1,
            TokenKind::Symbol(')' | ']') => depth = depth.saturating_sub(1),
            TokenKind::Symbol(',') if depth == 0 => {
                items.push(statement.text[from..place(token)].trim());
                from = place(token) + 1;
            }
            _ => {}
        }
    }
    items.push(statement.text[from..end].trim());
    items.sort_unstable();
    format!("{}(\n    {}\n{}", &statement.text[..begin - 1], items.join(",\n    "), &statement.text[end..])
}

/// The tokens that open and close the columns of a table that is created.
fn columns(statement: &Statement<'_>) -> Option<(usize, usize)> {
    let tokens = &statement.tokens;
    let table = tokens.iter().take(3).position(|it| it.is("table"))?;
    if !tokens.first()?.is("create") {
        return None;
    }
    // `CREATE TABLE name (`, `CREATE TABLE name OF type (`, `CREATE TABLE name PARTITION OF …` without columns.
    let open = tokens.iter().position(|it| it.kind == TokenKind::Symbol('('))?;
    let before = &tokens[table + 1..open];
    if before.iter().any(|it| ["partition", "inherits", "with", "server", "for"].iter().any(|word| it.is(word))) {
        return None;
    }
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate().skip(open) {
        match token.kind {
            TokenKind::Symbol('(') => depth += 1,
            TokenKind::Symbol(')') if depth == 1 => return Some((open, index)),
            TokenKind::Symbol(')') => depth -= 1,
            _ => {}
        }
    }
    None
}

fn lies_in_tablespace(statement: &Statement<'_>) -> bool {
    let makes = |words: &[&str]| statement.begins_with(words);
    has_access_method(statement)
        || makes(&["create", "table"])
        || makes(&["create", "index"])
        || makes(&["create", "unique", "index"])
        || (makes(&["alter", "table"]) && statement.contains("add") && statement.contains("constraint"))
}

fn has_access_method(statement: &Statement<'_>) -> bool {
    let makes = |words: &[&str]| statement.begins_with(words);
    let table = makes(&["create", "table"]) || makes(&["create", "unlogged", "table"]);
    let partitioned = statement.tokens.windows(2).any(|it| it[0].is("partition") && it[1].is("by"));
    (table && !partitioned) || makes(&["create", "materialized", "view"])
}

#[cfg(test)]
mod tests {
    use super::Dump;

    #[track_caller]
    fn check(left: &str, right: &str, expected: &[&str]) {
        let (left, right) = (Dump::parse(left).unwrap(), Dump::parse(right).unwrap());
        let found: Vec<String> = left.difference(&right).iter().map(ToString::to_string).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn what_says_nothing_is_left_out() {
        check(
            "--\n-- PostgreSQL database dump\n--\n\n\\restrict a\n\nSET lock_timeout = 0;\n\
             SELECT pg_catalog.set_config('search_path', '', false);\nCREATE SCHEMA a;\n\n\\unrestrict a\n",
            "\\restrict b\nCREATE SCHEMA a;\n",
            &[],
        );
        check("CREATE SCHEMA a;CREATE SCHEMA b;", "CREATE SCHEMA b; -- Name: a\nCREATE SCHEMA a;", &[]);
    }

    #[test]
    fn columns_have_no_order() {
        check(
            "CREATE TABLE public.t (\n    a integer DEFAULT f(1, 2),\n    \"b, (\" text,\n    CONSTRAINT c CHECK ((a = ANY (ARRAY[1, 2])))\n)\nINHERITS (public.p);",
            "CREATE TABLE public.t (\n    \"b, (\" text,\n    a integer DEFAULT f(1, 2),\n    CONSTRAINT c CHECK ((a = ANY (ARRAY[1, 2])))\n)\nINHERITS (public.p);",
            &[],
        );
        check(
            "CREATE TABLE t (\n)\nWITH (a='1', b='2');",
            "CREATE TABLE t (\n)\nWITH (b='2', a='1');",
            &[
                "- CREATE TABLE t (\n-     \n- )\n- WITH (a='1', b='2')",
                "+ CREATE TABLE t (\n+     \n+ )\n+ WITH (b='2', a='1')",
            ],
        );
        check(
            "CREATE TYPE t AS (a int, b int);",
            "CREATE TYPE t AS (b int, a int);",
            &["- CREATE TYPE t AS (a int, b int)", "+ CREATE TYPE t AS (b int, a int)"],
        );
    }

    #[test]
    fn statements_are_counted_and_compared() {
        check("CREATE SCHEMA a;", "CREATE SCHEMA b;", &["- CREATE SCHEMA a", "+ CREATE SCHEMA b"]);
        check("GRANT a TO b;GRANT a TO b;", "GRANT a TO b;", &["- GRANT a TO b"]);
    }

    #[test]
    fn where_tables_lie_is_part_of_them() {
        check(
            "SET default_tablespace = fast;\nCREATE TABLE t (\n    a int\n);\nSET default_tablespace = '';\nCREATE VIEW v AS SELECT 1;",
            "CREATE VIEW v AS SELECT 1;CREATE TABLE t (\n    a int\n);",
            &["- CREATE TABLE t (\n-     a int\n- )\n- TABLESPACE fast", "+ CREATE TABLE t (\n+     a int\n+ )"],
        );
    }
}
