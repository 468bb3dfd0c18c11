//! The lexical structure of SQL: just enough to know what is text and what is syntax.

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// A key word or an identifier without quotes.
    Word,
    /// `"an identifier"`, with its quotes.
    QuotedIdent,
    /// `'a string'` of any form, dollar quoted ones too, with its quotes.
    String,
    /// A number, or a parameter like `$1`.
    Number,
    /// One character of anything else.
    Symbol(char),
}

/// One token and where it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token<'a> {
    /// What it is.
    pub kind: TokenKind,
    /// Its text, with quotes.
    pub text: &'a str,
    /// Its first byte in the text that was read.
    pub start: usize,
}

impl Token<'_> {
    /// The byte behind it.
    pub fn end(&self) -> usize {
        self.start + self.text.len()
    }

    /// Whether it is this key word, in any case.
    pub fn is(&self, word: &str) -> bool {
        self.kind == TokenKind::Word && self.text.eq_ignore_ascii_case(word)
    }
}

/// What makes a text impossible to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LexProblem {
    /// A `'` without its partner.
    UnterminatedString,
    /// A `"` without its partner.
    UnterminatedIdent,
    /// A `/*` without its `*/`.
    UnterminatedComment,
    /// A `$tag$` without its partner.
    UnterminatedDollarQuote,
    /// A command of psql; a server does not know it.
    PsqlCommand,
    /// A NUL byte, which ends a message on the wire.
    Nul,
}

/// Where and why a text cannot be read as SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}", match self.problem {
    LexProblem::UnterminatedString => "a string that begins here never ends",
    LexProblem::UnterminatedIdent => "a quoted identifier that begins here never ends",
    LexProblem::UnterminatedComment => "a comment that begins here never ends",
    LexProblem::UnterminatedDollarQuote => "a dollar-quoted string that begins here never ends",
    LexProblem::PsqlCommand => "a backslash command of psql: only psql knows it, a server does not",
    LexProblem::Nul => "a NUL byte",
})]
pub struct LexError {
    /// What is wrong.
    pub problem: LexProblem,
    /// The byte at which it begins.
    pub start: usize,
}

/// Reads `sql` into tokens; white space and comments are left out.
///
/// # Errors
///
/// [`LexError`] for text that no server could read either.
pub fn lex(sql: &str) -> Result<Vec<Token<'_>>, LexError> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = sql[at..].chars().next() {
        let rest = &sql[at..];
        let fail = |problem| LexError { problem, start: at };
        let (kind, length) = match first {
            ' ' | '\t' | '\n' | '\r' | '\x0c' | '\x0b' => {
                at += 1;
                continue;
            }
            '-' if rest.starts_with("--") => {
                at += rest.find(['\n', '\r']).unwrap_or(rest.len());
                continue;
            }
            '/' if rest.starts_with("/*") => {
                at += comment_length(rest).ok_or_else(|| fail(LexProblem::UnterminatedComment))?;
                continue;
            }
            '\0' => return Err(fail(LexProblem::Nul)),
            '\\' => return Err(fail(LexProblem::PsqlCommand)),
            '\'' => {
                let length = quoted_length(rest, '\'').ok_or_else(|| fail(LexProblem::UnterminatedString))?;
                (TokenKind::String, length)
            }
            '"' => {
                let length = quoted_length(rest, '"').ok_or_else(|| fail(LexProblem::UnterminatedIdent))?;
                (TokenKind::QuotedIdent, length)
            }
            'e' | 'E' if rest[1..].starts_with('\'') => {
                let length = escaped_length(rest).ok_or_else(|| fail(LexProblem::UnterminatedString))?;
                (TokenKind::String, length)
            }
            'u' | 'U' if rest[1..].starts_with("&'") => {
                let length = quoted_length(&rest[2..], '\'').ok_or_else(|| fail(LexProblem::UnterminatedString))?;
                (TokenKind::String, length + 2)
            }
            'u' | 'U' if rest[1..].starts_with("&\"") => {
                let length = quoted_length(&rest[2..], '"').ok_or_else(|| fail(LexProblem::UnterminatedIdent))?;
                (TokenKind::QuotedIdent, length + 2)
            }
            '$' => match dollar_tag(rest) {
                Some(tag) => {
                    let close = rest[tag.len()..].find(tag);
                    let close = close.ok_or_else(|| fail(LexProblem::UnterminatedDollarQuote))?;
                    (TokenKind::String, tag.len() * 2 + close)
                }
                None => match rest[1..].find(|it: char| !it.is_ascii_digit()).unwrap_or(rest.len() - 1) {
                    0 => (TokenKind::Symbol('$'), 1),
                    digits => (TokenKind::Number, digits + 1),
                },
            },
            '0'..='9' => (TokenKind::Number, number_length(rest)),
            it if starts_word(it) => (TokenKind::Word, rest.find(|it| !continues_word(it)).unwrap_or(rest.len())),
            it => (TokenKind::Symbol(it), it.len_utf8()),
        };
        tokens.push(Token { kind, text: &rest[..length], start: at });
        at += length;
    }
    Ok(tokens)
}

fn starts_word(it: char) -> bool {
    it.is_ascii_alphabetic() || it == '_' || !it.is_ascii()
}

fn continues_word(it: char) -> bool {
    starts_word(it) || it.is_ascii_digit() || it == '$'
}

/// Digits, a fraction and an exponent. Letters that follow directly are another token, as in Postgres before 15;
/// for finding the ends of statements the difference does not matter.
fn number_length(rest: &str) -> usize {
    rest.find(|it: char| !(it.is_ascii_alphanumeric() || it == '_' || it == '.')).unwrap_or(rest.len())
}

/// Comments [nest](https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-COMMENTS).
fn comment_length(rest: &str) -> Option<usize> {
    let bytes = rest.as_bytes();
    let (mut depth, mut at) = (0_usize, 0);
    while at + 1 < bytes.len() {
        match &bytes[at..at + 2] {
            b"/*" => {
                depth += 1;
                at += 2;
            }
            b"*/" => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => at += 1,
        }
    }
    None
}

/// From one quote to its partner; a doubled quote is part of the text.
fn quoted_length(rest: &str, quote: char) -> Option<usize> {
    let mut at = 1;
    loop {
        at += rest[at..].find(quote)? + 1;
        if !rest[at..].starts_with(quote) {
            return Some(at);
        }
        at += 1;
    }
}

/// `E'…'`: as a string, and a backslash takes the next character with it.
fn escaped_length(rest: &str) -> Option<usize> {
    let mut characters = rest.char_indices().skip(2).peekable();
    while let Some((at, it)) = characters.next() {
        match it {
            '\\' => {
                characters.next();
            }
            '\'' if characters.peek().is_some_and(|(_, next)| *next == '\'') => {
                characters.next();
            }
            '\'' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// `$$` or `$tag$`, if the text begins with one.
fn dollar_tag(rest: &str) -> Option<&str> {
    let inner = rest[1..].find('$').map(|end| &rest[1..=end])?;
    let mut characters = inner.chars();
    let proper = match characters.next() {
        None => true,
        Some(first) => starts_word(first) && characters.all(|it| continues_word(it) && it != '$'),
    };
    proper.then(|| &rest[..inner.len() + 2])
}

#[cfg(test)]
mod tests {
    use super::{LexProblem, lex};

    fn texts(sql: &str) -> Vec<&str> {
        lex(sql).unwrap().into_iter().map(|it| it.text).collect()
    }

    #[test]
    fn quotes_of_every_form() {
        assert_eq!(
            texts(r#"'a''b' "x""y" E'\'' U&'d' U&"e" b'01'"#),
            ["'a''b'", r#""x""y""#, r"E'\''", "U&'d'", "U&\"e\"", "b", "'01'"]
        );
        assert_eq!(texts("$$a;$b$;$$ $q$ $$ $q$ a$b$c $1 $"), ["$$a;$b$;$$", "$q$ $$ $q$", "a$b$c", "$1", "$"]);
    }

    #[test]
    fn comments_nest_and_disappear() {
        assert_eq!(texts("a /* x /* ; */ ' */ b -- ; '\n c"), ["a", "b", "c"]);
    }

    #[test]
    fn what_cannot_be_read_says_where() {
        let check = |sql: &str| lex(sql).map_err(|it| (it.problem, it.start)).unwrap_err();
        assert_eq!(check("a 'b"), (LexProblem::UnterminatedString, 2));
        assert_eq!(check("a E'b\\'"), (LexProblem::UnterminatedString, 2));
        assert_eq!(check("\"b"), (LexProblem::UnterminatedIdent, 0));
        assert_eq!(check("/* /* */"), (LexProblem::UnterminatedComment, 0));
        assert_eq!(check("x $a$ $b$"), (LexProblem::UnterminatedDollarQuote, 2));
        assert_eq!(check("select 1;\n\\restrict x"), (LexProblem::PsqlCommand, 10));
        assert_eq!(check("a\0"), (LexProblem::Nul, 1));
    }
}
