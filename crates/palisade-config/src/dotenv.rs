//! `.env` files.
//!
//! Our own reader, and not `dotenvy`: that one expands `$NAME` in values (a password with a `$` is silently changed,
//! with the help of the process environment), its errors quote the whole line, secret included, and know no line
//! number. Here a value is what stands there, and an error is `file:line` and never a value.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

use crate::ConfigError;

/// One file, read.
#[derive(Clone)]
pub(crate) struct DotEnv {
    /// Relative to the project.
    pub(crate) path: Utf8PathBuf,
    entries: BTreeMap<String, Entry>,
}

/// One `NAME=value`.
#[derive(Clone, PartialEq)]
pub(crate) struct Entry {
    pub(crate) value: String,
    pub(crate) line: usize,
}

/// What is wrong in a line, without anything that stands in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DotEnvFault {
    /// Not `NAME=value`.
    #[error("is not `NAME=value`")]
    NotAnAssignment,
    /// The name is not a name.
    #[error("has a name with other characters than letters, digits and `_`")]
    Name,
    /// A quote is not closed.
    #[error("opens a quote that is never closed")]
    OpenQuote,
    /// There is text after the closing quote.
    #[error("has text behind the closing quote")]
    AfterQuote,
    /// `\d` between double quotes.
    #[error("has an unknown escape between double quotes")]
    Escape,
    /// `${NAME}`, which other readers expand.
    #[error("has a `${{…}}`, which is not expanded here")]
    Expansion,
    /// A second, different value for a name.
    #[error("gives a variable a second, different value")]
    Duplicate,
    /// Not UTF-8.
    #[error("is not UTF-8")]
    NotUtf8,
}

impl DotEnvFault {
    /// What to do next.
    pub fn help(self) -> &'static str {
        match self {
            Self::NotAnAssignment | Self::Name => {
                "each line is `NAME=value`, `export NAME=value`, empty, or begins with `#`"
            }
            Self::OpenQuote => "close the quote; a value with a quote in it goes between quotes of the other kind",
            Self::AfterQuote => "put the whole value between quotes; a comment begins with `#`",
            Self::Escape => {
                r#"between double quotes these are known: \n \r \t \" \\ \$; single quotes take everything as it is"#
            }
            Self::Expansion => "write the value itself, or put it between single quotes to mean `${…}` literally",
            Self::Duplicate => "keep one of the lines and put a `#` in front of the other",
            Self::NotUtf8 => "save the file as UTF-8",
        }
    }
}

impl DotEnv {
    /// Reads `root/name`; `None` if there is no such file.
    pub(crate) fn read(root: &Utf8Path, name: &str) -> Result<Option<Self>, ConfigError> {
        let path = root.join(name);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(ConfigError::Read { path, source }),
        };
        let at = |(line, fault)| ConfigError::DotEnv { path: name.into(), line, fault };
        let text = str::from_utf8(&bytes).map_err(|error| {
            let line = bytes[..error.valid_up_to()].split(|it| *it == b'\n').count();
            at((line, DotEnvFault::NotUtf8))
        })?;
        Ok(Some(Self { path: name.into(), entries: parse(text).map_err(at)? }))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Entry> {
        self.entries.get(name)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }
}

/// Reads `text`, or says in which line what is wrong.
fn parse(text: &str) -> Result<BTreeMap<String, Entry>, (usize, DotEnvFault)> {
    let mut entries: BTreeMap<String, Entry> = BTreeMap::new();
    let text = text.replace("\r\n", "\n");
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut line = 1;
    while !rest.is_empty() {
        let (first, _) = rest.split_once('\n').unwrap_or((rest, ""));
        let statement = first.trim();
        if statement.is_empty() || statement.starts_with('#') {
            rest = rest.get(first.len() + 1..).unwrap_or("");
            line += 1;
            continue;
        }
        let equals = first.find('=').ok_or((line, DotEnvFault::NotAnAssignment))?;
        let name = first[..equals].trim();
        let name = name.strip_prefix("export ").unwrap_or(name).trim();
        let starts_well = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        if !starts_well || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            return Err((line, DotEnvFault::Name));
        }
        let (value, length) = value(&rest[equals + 1..]).map_err(|fault| (line, fault))?;
        let entry = Entry { value, line };
        if entries.get(name).is_some_and(|it| it.value != entry.value) {
            return Err((line, DotEnvFault::Duplicate));
        }
        entries.insert(name.to_owned(), entry);
        let end = equals + 1 + length;
        line += rest[..end].matches('\n').count();
        rest = &rest[end..];
    }
    Ok(entries)
}

/// The value that begins at `text`, and the length of it with the rest of its line and the line break.
fn value(text: &str) -> Result<(String, usize), DotEnvFault> {
    let start = text.len() - text.trim_start_matches([' ', '\t']).len();
    let (value, end) = match text[start..].chars().next() {
        Some(quote @ ('\'' | '`')) => {
            let inner = &text[start + 1..];
            let length = inner.find(quote).ok_or(DotEnvFault::OpenQuote)?;
            (inner[..length].to_owned(), start + length + 2)
        }
        Some('"') => {
            let (value, length) = double_quoted(&text[start + 1..])?;
            (value, start + 1 + length)
        }
        _ => {
            let line = text.split('\n').next().unwrap_or("");
            // As in a shell, a `#` begins a comment only after white space: `a#b` is a value.
            let comment =
                line.char_indices().find(|(at, c)| *c == '#' && (*at == 0 || line[..*at].ends_with([' ', '\t'])));
            let value = line[..comment.map_or(line.len(), |(at, _)| at)].trim();
            if value.contains("${") {
                return Err(DotEnvFault::Expansion);
            }
            return Ok((value.to_owned(), (line.len() + 1).min(text.len())));
        }
    };
    let after = text[end..].split('\n').next().unwrap_or("");
    if !after.trim().is_empty() && !after.trim_start().starts_with('#') {
        return Err(DotEnvFault::AfterQuote);
    }
    Ok((value, (end + after.len() + 1).min(text.len())))
}

/// The value up to the closing quote, and the length with that quote.
fn double_quoted(text: &str) -> Result<(String, usize), DotEnvFault> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Ok((value, at + 1)),
            '$' if text[at..].starts_with("${") => return Err(DotEnvFault::Expansion),
            '\\' => value.push(match characters.next() {
                Some((_, 'n')) => '\n',
                Some((_, 'r')) => '\r',
                Some((_, 't')) => '\t',
                Some((_, itself @ ('"' | '\\' | '$'))) => itself,
                _ => return Err(DotEnvFault::Escape),
            }),
            other => value.push(other),
        }
    }
    Err(DotEnvFault::OpenQuote)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn one(text: &str) -> Result<String, (usize, DotEnvFault)> {
        parse(text).map(|entries| entries["A"].value.clone())
    }

    #[test]
    fn values_are_what_stands_there() {
        for (text, value) in [
            ("A=1", "1"),
            ("\u{feff}A=1", "1"),
            ("export A = 1  # comment", "1"),
            ("A=pa$word", "pa$word"),
            ("A=pa#word", "pa#word"),
            ("A=# only a comment", ""),
            ("A=", ""),
            ("A=''", ""),
            ("A='it # is' # not", "it # is"),
            (r"A='a\n${B}'", r"a\n${B}"),
            (r#"A="a\n\"\\\$b$c""#, "a\n\"\\$b$c"),
            ("A=\"two\nlines\"", "two\nlines"),
            ("A='two\r\nlines'\r\n", "two\nlines"),
            ("A=`it's \"so\"`", "it's \"so\""),
            ("# A=2\n\n  A=1\r\n", "1"),
            ("A=postgres://u:p@h/d?pgbouncer=true&x=y", "postgres://u:p@h/d?pgbouncer=true&x=y"),
            ("A=\"postgres://u:p@h/d\"\nB=2", "postgres://u:p@h/d"),
            ("A=same\nA=same", "same"),
        ] {
            assert_eq!(one(text), Ok(value.to_owned()), "{text}");
        }
    }

    #[test]
    fn faults_have_the_line_they_begin_in() {
        for (text, line, fault) in [
            ("A=1\nhunter2", 2, DotEnvFault::NotAnAssignment),
            ("A=1\n\n1A=x", 3, DotEnvFault::Name),
            ("=x", 1, DotEnvFault::Name),
            ("B='x\n\nA=1", 1, DotEnvFault::OpenQuote),
            ("B='1\n2\n3'\nA=\"", 4, DotEnvFault::OpenQuote),
            ("A='x'y", 1, DotEnvFault::AfterQuote),
            (r#"A="\d""#, 1, DotEnvFault::Escape),
            ("A=${B}", 1, DotEnvFault::Expansion),
            ("A=\"${B}\"", 1, DotEnvFault::Expansion),
            ("A=1\nA=2", 2, DotEnvFault::Duplicate),
        ] {
            assert_eq!(one(text), Err((line, fault)), "{text}");
        }
    }

    proptest! {
        #[test]
        fn single_quotes_keep_everything(value in "[^'\r]*") {
            prop_assert_eq!(one(&format!("X=1\nA='{value}'\nB=2")), Ok(value));
        }

        #[test]
        fn escaped_double_quotes_keep_everything(value in "[^\r]*") {
            let escaped = value.replace('\\', "\\\\").replace('"', "\\\"").replace('$', "\\$").replace('\n', "\\n");
            prop_assert_eq!(one(&format!("A=\"{escaped}\"")), Ok(value));
        }

        #[test]
        fn any_text_is_read_or_refused(text in ".*|([A-C]=[a'\"`#\\\\$ \n]{0,6}\n){0,5}") {
            drop(parse(&text));
        }
    }
}
