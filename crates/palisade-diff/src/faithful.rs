//! Text that means the same when it is read again.
//!
//! Postgres writes `x IN ('a', 'b')` of a `varchar` column as `x::text = ANY ((ARRAY['a'::varchar, 'b'::varchar])::text[])`, and
//! reads that [as a cast of each element](https://www.postgresql.org/docs/current/sql-expressions.html#SQL-SYNTAX-ARRAY-CONSTRUCTORS):
//! the same values, but another text, for ever different from the first. Saying the type of the array itself keeps the two casts
//! apart.

use std::borrow::Cow;

use palisade_sql::{Token, TokenKind, lex};

/// The same statement, with the type of each array said that is cast as a whole.
pub(crate) fn faithful(sql: &str) -> Cow<'_, str> {
    if !sql.contains("(ARRAY[") {
        return Cow::Borrowed(sql);
    }
    let Ok(tokens) = lex(sql) else { return Cow::Borrowed(sql) };
    let mut text = String::with_capacity(sql.len());
    let mut done = 0;
    for (index, token) in tokens.iter().enumerate() {
        let begins = token.is("array") && is(&tokens, index.wrapping_sub(1), '(') && is(&tokens, index + 1, '[');
        let Some(end) = begins.then(|| closing(&tokens, index + 1)).flatten() else { continue };
        let is_cast = is(&tokens, end + 1, ')') && is(&tokens, end + 2, ':') && is(&tokens, end + 3, ':');
        if let (true, Some(element)) = (is_cast, element_type(sql, &tokens, index + 2, end)) {
            let place = tokens[end].end();
            text.push_str(&sql[done..place]);
            text.push_str("::");
            text.push_str(element);
            text.push_str("[]");
            done = place;
        }
    }
    text.push_str(&sql[done..]);
    Cow::Owned(text)
}

fn is(tokens: &[Token<'_>], index: usize, symbol: char) -> bool {
    tokens.get(index).is_some_and(|it| it.kind == TokenKind::Symbol(symbol))
}

/// The `]` that closes the `[` at `open`.
fn closing(tokens: &[Token<'_>], open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate().skip(open) {
        match token.kind {
            TokenKind::Symbol('[') => depth += 1,
            TokenKind::Symbol(']') => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(index);
                }
            }
            _ => {}
        }
    }
    None
}

/// The type that the first element is cast to: `character varying` of `'a'::character varying, …`.
fn element_type<'a>(sql: &'a str, tokens: &[Token<'a>], begin: usize, end: usize) -> Option<&'a str> {
    let (mut depth, mut cast) = (0_usize, None);
    let mut last = end;
    for index in begin..end {
        match tokens[index].kind {
            TokenKind::Symbol('(' | '[') => depth += 1,
            TokenKind::Symbol(')' | ']') => depth = depth.checked_sub(1)?,
            TokenKind::Symbol(',') if depth == 0 => {
                last = index;
                break;
            }
            TokenKind::Symbol(':') if depth == 0 && is(tokens, index + 1, ':') => cast = Some(index + 2),
            _ => {}
        }
    }
    let begin = tokens.get(cast?)?.start;
    let end = tokens.get(last.checked_sub(1)?)?.end();
    sql.get(begin..end).filter(|it| !it.is_empty())
}

#[cfg(test)]
mod tests {
    use super::faithful;

    #[test]
    fn arrays_that_are_cast_say_their_own_type() {
        let text = "CHECK (((s)::text = ANY ((ARRAY['a'::character varying, 'b,'::character varying])::text[])))";
        let wanted = "CHECK (((s)::text = ANY ((ARRAY['a'::character varying, 'b,'::character varying]::character varying[])::text[])))";
        assert_eq!(faithful(text), wanted);
    }

    #[test]
    fn everything_else_stays() {
        for text in [
            "x = ANY (ARRAY[('a'::character varying)::text])",
            "SELECT '(ARRAY[''a''::b])::c'",
            "(ARRAY[a, b])::text[]",
        ] {
            assert_eq!(faithful(text), text);
        }
    }
}
