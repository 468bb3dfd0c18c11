//! Where one statement ends and the next begins.

use crate::lex::{LexError, Token, TokenKind, lex};

/// One statement of a text, without the semicolon behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement<'a> {
    /// From its first token to its last; comments before it belong to nobody.
    pub text: &'a str,
    /// Its first byte in the whole text.
    pub start: usize,
    /// Its tokens; their places count from the whole text.
    pub tokens: Vec<Token<'a>>,
}

/// Splits `sql` at the semicolons that end statements: not those in strings, comments, parentheses, or in the
/// `BEGIN ATOMIC … END` body of a
/// [SQL-standard function](https://www.postgresql.org/docs/current/sql-createfunction.html).
///
/// Empty statements are left out.
///
/// # Errors
///
/// [`LexError`] if the text cannot be read.
pub fn split(sql: &str) -> Result<Vec<Statement<'_>>, LexError> {
    let mut statements = Vec::new();
    let mut tokens = Vec::new();
    let mut depth = Depth::default();
    for token in lex(sql)? {
        if token.kind == TokenKind::Symbol(';') && depth.is_outermost() {
            statements.extend(statement(sql, std::mem::take(&mut tokens)));
            depth = Depth::default();
            continue;
        }
        depth.enter(&tokens, token);
        tokens.push(token);
    }
    statements.extend(statement(sql, tokens));
    Ok(statements)
}

fn statement<'a>(sql: &'a str, tokens: Vec<Token<'a>>) -> Option<Statement<'a>> {
    let (start, end) = (tokens.first()?.start, tokens.last()?.end());
    Some(Statement { text: &sql[start..end], start, tokens })
}

/// How deep inside parentheses and function bodies the reader is.
#[derive(Default)]
struct Depth {
    parentheses: usize,
    bodies: usize,
}

impl Depth {
    fn is_outermost(&self) -> bool {
        self.parentheses == 0 && self.bodies == 0
    }

    fn enter(&mut self, before: &[Token<'_>], token: Token<'_>) {
        match token.kind {
            TokenKind::Symbol('(') => self.parentheses += 1,
            TokenKind::Symbol(')') => self.parentheses = self.parentheses.saturating_sub(1),
            TokenKind::Word if self.parentheses == 0 => {
                if self.bodies == 0 {
                    // `begin` is a legal name too, so the word behind it decides; see `ATOMIC` below.
                    let begins = token.is("atomic") && before.last().is_some_and(|it| it.is("begin"));
                    self.bodies = usize::from(begins && defines_routine(before));
                } else if token.is("case") {
                    self.bodies += 1;
                } else if token.is("end") {
                    self.bodies -= 1;
                }
            }
            _ => {}
        }
    }
}

fn defines_routine(tokens: &[Token<'_>]) -> bool {
    let mut words = tokens.iter().filter(|it| !it.is("or") && !it.is("replace"));
    words.next().is_some_and(|it| it.is("create"))
        && words.next().is_some_and(|it| it.is("function") || it.is("procedure"))
}

#[cfg(test)]
mod tests {
    use super::split;
    use proptest::prelude::*;

    fn texts(sql: &str) -> Vec<&str> {
        split(sql).unwrap().into_iter().map(|it| it.text).collect()
    }

    #[test]
    fn semicolons_inside_do_not_split() {
        assert_eq!(
            texts(
                "create rule r as on insert to t do (delete from a; delete from b); select ';' -- ;\n;;/* ; */ select $$;$$"
            ),
            ["create rule r as on insert to t do (delete from a; delete from b)", "select ';'", "select $$;$$"]
        );
    }

    #[test]
    fn function_bodies_stay_whole() {
        let body = "create or replace function f(a int default (1)) returns int language sql begin atomic \
                    select case when true then 1 else 2 end; select 2; end";
        assert_eq!(texts(&format!("{body}; select 1")), [body, "select 1"]);
        assert_eq!(texts("begin; select 1; end"), ["begin", "select 1", "end"]);
    }

    #[test]
    fn comments_belong_to_no_statement() {
        let sql = "-- first\nselect 1; -- behind\n";
        let statements = split(sql).unwrap();
        assert_eq!(statements.len(), 1);
        assert_eq!(statements[0].start, 9);
    }

    proptest! {
        #[test]
        fn any_text_is_split_or_refused_without_panic(sql in r#"[a-c;'"$()\-/*\\ \nEeä]{0,40}"#) {
            if let Ok(statements) = split(&sql) {
                for pair in statements.windows(2) {
                    prop_assert!(pair[0].start + pair[0].text.len() <= pair[1].start);
                }
                for it in &statements {
                    prop_assert_eq!(&sql[it.start..it.start + it.text.len()], it.text);
                }
            }
        }

        #[test]
        fn quoted_text_never_splits(value in any::<String>().prop_filter("no NUL", |it| !it.contains('\0'))) {
            let sql = format!("select {}; select 2", crate::Literal::new(value).unwrap());
            prop_assert_eq!(split(&sql).unwrap().len(), 2);
        }
    }
}
