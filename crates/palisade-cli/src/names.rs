//! Names of tables and columns on the command line, written as in SQL.

use crate::CommandError;
use palisade_catalog::{ObjectKey, ObjectKind};
use palisade_source::NewName;
use palisade_sql::{TokenKind, lex, split};

/// `table.column=EXPRESSION` or `schema.table.column=EXPRESSION`: the column and the expression.
pub(crate) fn column_value(flag: &str, text: &str) -> Result<(ObjectKey, String), CommandError> {
    let fail = || wrong(flag, text, "table.column=EXPRESSION");
    let (left, right) = split_at_equals(text).ok_or_else(fail)?;
    let key = column(left).ok_or_else(fail)?;
    if right.trim().is_empty() {
        return Err(fail());
    }
    Ok((key, right.trim().to_owned()))
}

/// `table.column=new`, `table=new`: an object by its names, and the one that it is to have.
pub(crate) fn rename(text: &str) -> Result<NewName, CommandError> {
    let fail = || wrong("--rename", text, "table.old=new");
    let (left, right) = split_at_equals(text).ok_or_else(fail)?;
    let from = parts(left).ok_or_else(fail)?;
    match parts(right).ok_or_else(fail)?.as_slice() {
        [to] => Ok(NewName { from, to: to.clone() }),
        _ => Err(fail()),
    }
}

/// A column, by the names of its table and itself.
fn column(text: &str) -> Option<ObjectKey> {
    let parts = parts(text)?;
    match parts.as_slice() {
        [table, column] => Some(ObjectKey::new(ObjectKind::Column, ["public", table, column])),
        [schema, table, column] => Some(ObjectKey::new(ObjectKind::Column, [schema, table, column])),
        _ => None,
    }
}

/// The parts of a name as SQL reads them: in small letters unless quoted.
pub(crate) fn parts(text: &str) -> Option<Vec<String>> {
    let statements = split(text).ok()?;
    let [statement] = statements.as_slice() else { return None };
    let (name, behind) = statement.name_at(0)?;
    (behind == statement.tokens.len()).then_some(name.parts)
}

/// What stands left and right of the first `=` that is no part of a quoted name.
pub(crate) fn split_at_equals(text: &str) -> Option<(&str, &str)> {
    // Only the left side must be readable.
    let equals = text.char_indices().filter(|(_, it)| *it == '=').map(|(at, _)| at);
    for at in equals {
        if let Ok(tokens) = lex(&text[..at])
            && tokens.iter().all(|it| it.kind != TokenKind::String)
        {
            return Some((&text[..at], &text[at + 1..]));
        }
    }
    None
}

pub(crate) fn wrong(flag: &str, text: &str, form: &str) -> CommandError {
    CommandError::usage("bad-flag", format!("`{flag} {text}` is not of the form `{form}`"))
        .help("names are written as in SQL: in double quotes where they hold capital letters or blanks")
}

#[cfg(test)]
mod tests {
    use super::column_value;

    fn read(text: &str) -> Option<String> {
        column_value("--using", text).ok().map(|(key, value)| format!("{key}: {value}"))
    }

    #[test]
    fn names_are_read_as_sql_reads_them() {
        assert_eq!(read("Posts.Title=title::int").as_deref(), Some("column public.posts.title: title::int"));
        assert_eq!(read(r#"app."a=b.c"."D" = "D" = 'x'"#).as_deref(), Some(r#"column app."a=b.c"."D": "D" = 'x'"#));
        for wrong in ["title=1", "a.b", "a.b=", "a.b.c.d=1", "a b.c=1"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
