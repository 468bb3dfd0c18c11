//! Where in a text a byte or a character lies, and how to show it.

use std::fmt;

/// A place in a text as editors count it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LineColumn {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

impl fmt::Display for LineColumn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// One line of a text and the place in it that is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    /// Where it is.
    pub at: LineColumn,
    /// The line, without its end.
    pub text: String,
}

/// The longest piece of a line that is shown, in characters: generated files have lines of megabytes.
const SHOWN: usize = 120;

impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let before = self.at.column - 1;
        let skipped = before.saturating_sub(SHOWN / 2);
        let shown: String =
            self.text.chars().skip(skipped).take(SHOWN).map(|it| if it == '\t' { ' ' } else { it }).collect();
        let number = self.at.line.to_string();
        writeln!(f, "{number} | {shown}")?;
        write!(f, "{:width$} | {:indent$}^", "", "", width = number.len(), indent = before - skipped)
    }
}

/// Line and column of a byte offset. An offset behind the end means the end.
pub fn line_column(text: &str, byte: usize) -> LineColumn {
    let mut end = byte.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let before = &text[..end];
    let line_start = before.rfind('\n').map_or(0, |it| it + 1);
    LineColumn { line: before.matches('\n').count() + 1, column: before[line_start..].chars().count() + 1 }
}

/// The byte offset of the character with the number `character`, counted from 0; Postgres reports error positions in
/// [characters, from 1](https://www.postgresql.org/docs/current/protocol-error-fields.html).
///
/// `None` if the text is shorter; the end of the text counts as a place.
pub fn byte_of_character(text: &str, character: usize) -> Option<usize> {
    text.char_indices().map(|(byte, _)| byte).chain([text.len()]).nth(character)
}

/// The line around a byte offset.
pub fn excerpt(text: &str, byte: usize) -> Excerpt {
    let at = line_column(text, byte);
    let line = text.split('\n').nth(at.line - 1).unwrap_or_default();
    Excerpt { at, text: line.trim_end_matches('\r').to_owned() }
}

#[cfg(test)]
mod tests {
    use super::{byte_of_character, excerpt, line_column};

    #[test]
    fn caret_stands_under_the_character() {
        let sql = "select 1;\nselect 'ä' frm x;\n";
        let byte = sql.find("frm").unwrap();
        assert_eq!(excerpt(sql, byte).to_string(), "2 | select 'ä' frm x;\n  |            ^");
    }

    #[test]
    fn characters_are_not_bytes() {
        assert_eq!(byte_of_character("äb", 1), Some(2));
        assert_eq!(byte_of_character("äb", 2), Some(3));
        assert_eq!(byte_of_character("äb", 3), None);
    }

    #[test]
    fn the_end_is_a_place() {
        assert_eq!(line_column("a\n", 99).to_string(), "2:1");
    }

    #[test]
    fn long_lines_are_cut_around_the_place() {
        let sql = format!("{}X{}", "a".repeat(1000), "b".repeat(1000));
        let shown = excerpt(&sql, 1000).to_string();
        let (line, caret) = shown.split_once('\n').unwrap();
        assert_eq!(line.find('X'), caret.find('^'));
        assert!(line.len() < 130);
    }
}
