//! The operands of `AND` and `OR` in the text that the server makes of a condition.
//!
//! That text has parentheses around every operator, so that the operands are what stands between the words. Whether they are is
//! not believed: the condition put together again is given to the server and compared.

use palisade_sql::{Token, TokenKind, lex};

/// Which word joins the parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Joint {
    And,
    Or,
}

impl Joint {
    fn word(self) -> &'static str {
        match self {
            Self::And => "AND",
            Self::Or => "OR",
        }
    }
}

/// The operands of the outermost `AND` or `OR`, if there is one.
pub(crate) fn parts(sql: &str) -> Option<(Joint, Vec<&str>)> {
    let inner = without_parentheses(sql)?;
    let tokens = lex(inner).ok()?;
    [Joint::And, Joint::Or].into_iter().find_map(|joint| {
        let cuts = cuts(&tokens, joint.word())?;
        let mut parts = Vec::new();
        let mut start = 0;
        for cut in cuts {
            parts.push(inner[start..cut.start].trim());
            start = cut.end();
        }
        parts.push(inner[start..].trim());
        (parts.len() > 1).then_some((joint, parts))
    })
}

/// The parts joined again.
pub(crate) fn joined(joint: Joint, parts: &[&str]) -> String {
    parts.join(&format!(" {} ", joint.word()))
}

/// Those words that stand in no parentheses and no `CASE`.
fn cuts<'a>(tokens: &[Token<'a>], word: &str) -> Option<Vec<Token<'a>>> {
    let (mut depth, mut cuts) = (0_i32, Vec::new());
    for token in tokens {
        match token.kind {
            TokenKind::Symbol('(' | '[') => depth += 1,
            TokenKind::Symbol(')' | ']') => depth -= 1,
            TokenKind::Word if token.is("case") => depth += 1,
            TokenKind::Word if token.is("end") => depth -= 1,
            // `BETWEEN a AND b` is never written by the server, but who knows.
            TokenKind::Word if depth == 0 && token.is("between") => return None,
            TokenKind::Word if depth == 0 && token.is(word) => cuts.push(*token),
            _ => {}
        }
    }
    Some(cuts)
}

/// The text inside the parentheses that stand around all of it.
fn without_parentheses(sql: &str) -> Option<&str> {
    let tokens = lex(sql).ok()?;
    let (first, last) = (tokens.first()?, tokens.last()?);
    if first.kind != TokenKind::Symbol('(') || last.kind != TokenKind::Symbol(')') {
        return Some(sql);
    }
    let mut depth = 0_i32;
    for token in &tokens {
        match token.kind {
            TokenKind::Symbol('(') => depth += 1,
            TokenKind::Symbol(')') => depth -= 1,
            _ => {}
        }
        if depth == 0 && token.start != last.start {
            return Some(sql);
        }
    }
    Some(&sql[first.end()..last.start])
}

#[cfg(test)]
mod tests {
    use super::{Joint, parts};

    #[test]
    fn operands_are_what_stands_between_the_outermost_words() {
        let and = "((a = b) AND (c = 'x AND y') AND (d OR e))";
        assert_eq!(parts(and), Some((Joint::And, vec!["(a = b)", "(c = 'x AND y')", "(d OR e)"])));
        let or = "(published OR (author_id = ( SELECT auth.uid() AS uid WHERE (a AND b))))";
        let second = "(author_id = ( SELECT auth.uid() AS uid WHERE (a AND b)))";
        assert_eq!(parts(or), Some((Joint::Or, vec!["published", second])));
        assert_eq!(parts("(a = b)"), None);
        assert_eq!(parts("(a) AND (b)"), Some((Joint::And, vec!["(a)", "(b)"])));
        assert_eq!(parts("CASE WHEN a AND b THEN c ELSE d END"), None);
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(sql in r#"(AND|OR|CASE|END|a|'x'|"é"|[()\[\]=,'] ?| ){0,12}"#) {
            parts(&sql);
        }
    }
}
