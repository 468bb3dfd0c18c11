//! Changing conditions as text, where the text is the server's own.

use palisade_sql::{Token, TokenKind, lex};

/// Puts calls of these functions into sub-selects of their own, `(select auth.uid())`, where they are not in one already.
///
/// `sql` is what the server writes: names stand with their schema, and each sub-select of one value as `( SELECT f() AS f)`.
pub(crate) fn wrap_calls(sql: &str, names: &[String]) -> String {
    let Ok(tokens) = lex(sql) else { return sql.to_owned() };
    let (mut wrapped, mut copied, mut at) = (String::new(), 0, 0);
    while at < tokens.len() {
        match call_at(sql, &tokens, at, names) {
            Some(end) if !is_wrapped(&tokens, at) => {
                wrapped.push_str(&sql[copied..tokens[at].start]);
                let call = &sql[tokens[at].start..tokens[end].end()];
                wrapped.extend(["(select ", call, ")"]);
                copied = tokens[end].end();
                at = end + 1;
            }
            Some(end) => at = end + 1,
            None => at += 1,
        }
    }
    wrapped.push_str(&sql[copied..]);
    wrapped
}

/// The last token of a call of one of the functions that begins here.
fn call_at(sql: &str, tokens: &[Token<'_>], at: usize, names: &[String]) -> Option<usize> {
    if at > 0 && tokens[at - 1].kind == TokenKind::Symbol('.') {
        return None;
    }
    let mut open = at + 1;
    while tokens.get(open)?.kind == TokenKind::Symbol('.') {
        open += 2;
    }
    if tokens.get(open)?.kind != TokenKind::Symbol('(') {
        return None;
    }
    let name = &sql[tokens[at].start..tokens[open].start];
    if !names.iter().any(|it| it == name.trim_end()) {
        return None;
    }
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate().skip(open) {
        match token.kind {
            TokenKind::Symbol('(') => depth += 1,
            TokenKind::Symbol(')') => {
                depth -= 1;
                if depth == 0 {
                    return Some(index);
                }
            }
            _ => {}
        }
    }
    None
}

fn is_wrapped(tokens: &[Token<'_>], at: usize) -> bool {
    at > 0 && tokens[at - 1].is("select") || within_wrapper(tokens, at)
}

/// Whether the innermost `( SELECT` around a token reads no table: there is no `FROM` before its end.
fn within_wrapper(tokens: &[Token<'_>], at: usize) -> bool {
    let mut depth = 0_i32;
    let mut open = None;
    for index in (0..at).rev() {
        match tokens[index].kind {
            TokenKind::Symbol(')') => depth += 1,
            TokenKind::Symbol('(') if depth > 0 => depth -= 1,
            TokenKind::Symbol('(') if tokens[index + 1].is("select") => {
                open = Some(index);
                break;
            }
            _ => {}
        }
    }
    let Some(open) = open else { return false };
    let mut depth = 0_i32;
    for token in &tokens[open..] {
        match token.kind {
            TokenKind::Symbol('(') => depth += 1,
            TokenKind::Symbol(')') => {
                depth -= 1;
                if depth == 0 {
                    return true;
                }
            }
            TokenKind::Word if depth == 1 && token.is("from") => return false,
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::wrap_calls;

    fn wrapped(sql: &str) -> String {
        wrap_calls(sql, &["auth.uid".to_owned(), "current_setting".to_owned()])
    }

    #[test]
    fn only_calls_outside_of_sub_selects_are_wrapped() {
        assert_eq!(wrapped("(uid = auth.uid())"), "(uid = (select auth.uid()))");
        assert_eq!(wrapped("(uid = ( SELECT auth.uid() AS uid))"), "(uid = ( SELECT auth.uid() AS uid))");
        assert_eq!(
            wrapped("(t = (current_setting('a'::text, true))::uuid)"),
            "(t = ((select current_setting('a'::text, true)))::uuid)"
        );
        assert_eq!(
            wrapped("(EXISTS ( SELECT 1 FROM m WHERE (m.uid = auth.uid())))"),
            "(EXISTS ( SELECT 1 FROM m WHERE (m.uid = (select auth.uid()))))"
        );
        assert_eq!(wrapped("(other.auth.uid() = 'auth.uid()')"), "(other.auth.uid() = 'auth.uid()')");
        assert_eq!(wrapped("(x = ( SELECT (auth.uid())::text AS uid))"), "(x = ( SELECT (auth.uid())::text AS uid))");
    }
}
