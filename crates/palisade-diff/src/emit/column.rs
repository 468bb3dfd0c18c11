//! Columns and defaults: made and removed.

use std::fmt::Write as _;

use palisade_catalog::definition::{Column, Default, Generated, Identity};
use palisade_catalog::{Definition, ObjectKey, ObjectKind};
use palisade_plan::Hazard;
use palisade_sql::{quote_ident, quote_literal};

use super::{Context, backfill, dress, name, options, sequence};
use crate::item::Fate;
use crate::script::{Action, Statement};

/// The column that an object is.
pub(super) fn column_of<'a>(context: &Context<'a>, number: usize) -> Option<&'a Column> {
    match context.items.all[number].to.map(|it| &it.definition) {
        Some(Definition::Column(column)) => Some(column),
        _ => None,
    }
}

/// What a column holds by itself on the right side, and the number of that object.
pub(super) fn default_of<'a>(context: &Context<'a>, key: &ObjectKey) -> Option<(usize, &'a Default)> {
    let number = context.items.find(ObjectKind::Default, [key.part(0), key.part(1), key.part(2)])?;
    match context.items.all[number].to.map(|it| &it.definition) {
        Some(Definition::Default(default)) => Some((number, default)),
        _ => None,
    }
}

/// A column as `CREATE TABLE` and `ADD COLUMN` want it.
pub(super) fn sql(context: &Context<'_>, number: usize, column: &Column) -> String {
    let key = context.items.all[number].key;
    let mut sql = format!("{} {}", key.sql(), column.data_type);
    sql.push_str(&options::foreign(&column.foreign_options));
    if let Some(collation) = &column.collation {
        let _ = write!(sql, " COLLATE {collation}");
    }
    if let Some(identity) = &column.identity {
        let _ = write!(sql, " {}", identity_sql(identity));
    }
    if let Some((default, it)) = default_of(context, key)
        && context.aliases.creates.contains_key(&default)
    {
        let (before, behind) = match it.generated {
            Some(Generated::Stored) => (" GENERATED ALWAYS AS (", ") STORED"),
            Some(Generated::Virtual) => (" GENERATED ALWAYS AS (", ") VIRTUAL"),
            None => (" DEFAULT ", ""),
        };
        sql.extend([before, &it.expression, behind]);
    }
    if column.not_null && column.not_null_validated {
        sql.push_str(&not_null_sql(key, column, true));
    }
    sql
}

/// ` CONSTRAINT name NOT NULL`; the name only where it is not the one that Postgres chooses.
pub(super) fn not_null_sql(key: &ObjectKey, column: &Column, inline: bool) -> String {
    let by_itself = format!("{}_{}_not_null", key.part(1), key.part(2));
    let named = column.not_null_name.as_ref().filter(|it| **it != by_itself || !inline);
    let name = named.map(|it| format!(" CONSTRAINT {}", name::list([it]))).unwrap_or_default();
    let own = if inline { String::new() } else { format!(" {}", key.sql()) };
    let no_inherit = if column.not_null_no_inherit { " NO INHERIT" } else { "" };
    format!("{name} NOT NULL{own}{no_inherit}")
}

pub(super) fn not_null_comment(key: &ObjectKey, column: &Column) -> Option<Statement> {
    let text = column.not_null_comment.as_deref().map_or_else(|| "NULL".to_owned(), quote_literal);
    let name = quote_ident(column.not_null_name.as_deref()?);
    let sql = format!("COMMENT ON CONSTRAINT {name} ON {} IS {text}", key.qualified());
    Some(Statement::new(key, Action::Alter, sql))
}

pub(super) fn identity_sql(it: &Identity) -> String {
    let Identity { always, sequence, options } = it;
    let how = if *always { "ALWAYS" } else { "BY DEFAULT" };
    // The type of the sequence is that of the column.
    let words = sequence::differing(
        &palisade_catalog::definition::SequenceOptions { unlogged: false, ..options.clone() },
        None,
    );
    let words = match words.strip_prefix(" AS ") {
        Some(rest) => rest.split_once(' ').map(|(_, rest)| format!(" {rest}")).unwrap_or_default(),
        None => words,
    };
    format!("GENERATED {how} AS IDENTITY (SEQUENCE NAME {}{words})", name::pair(sequence))
}

pub(super) fn add(context: &Context<'_>, number: usize, out: &mut Vec<Statement>) {
    let key = context.items.all[number].key;
    let Some(column) = column_of(context, number) else { return };
    let table = context.table_of(number);
    let mut statement = Statement::new(
        key,
        Action::Create,
        format!("{} ADD COLUMN {}", name::alter_table(key, ""), sql(context, number, column)),
    );
    let default = default_of(context, key).map(|it| it.1);
    if context.has_rows(table) {
        let filled = default.is_some() || column.identity.is_some();
        if default.is_some_and(|it| it.generated == Some(Generated::Stored)) || column.identity.is_some() {
            statement = statement.danger(Hazard::Rewrite, key.qualified());
        } else if default.is_some_and(|it| is_volatile(&it.expression)) {
            if context.options.online {
                backfill::add(context, number, column, out);
                finish_added(context, number, column, out);
                return;
            }
            statement = statement.danger(Hazard::Rewrite, key.qualified());
        }
        if column.not_null && !filled {
            statement =
                statement.danger(Hazard::MayFail, format!("{} has rows, which would hold NULL", key.qualified()));
        }
    }
    out.push(statement);
    finish_added(context, number, column, out);
}

/// What `ADD COLUMN` has no words for, and what is different in children that got the column with it.
fn finish_added(context: &Context<'_>, number: usize, column: &Column, out: &mut Vec<Statement>) {
    finish(context, number, column, out);
    let has_default = default_of(context, context.items.all[number].key).is_some_and(|it| it.1.generated.is_none());
    for child in context.parts.get(&number).into_iter().flatten() {
        let key = context.items.all[*child].key;
        let (Some(own), Some(object)) = (column_of(context, *child), context.items.all[*child].to) else { continue };
        let alter = format!("{} ALTER COLUMN {}", name::alter_table(key, context.only(key)), key.sql());
        if has_default && default_of(context, key).is_none() {
            out.push(Statement::new(key, Action::Alter, format!("{alter} DROP DEFAULT")));
        }
        if own.not_null && !column.not_null {
            out.push(Statement::new(key, Action::Alter, format!("{alter} SET NOT NULL")));
        }
        finish(context, *child, own, out);
        dress::dress(context, *child, object, out);
    }
}

/// What a new column has that stands in statements of its own.
pub(super) fn finish(context: &Context<'_>, number: usize, column: &Column, out: &mut Vec<Statement>) {
    let key = context.items.all[number].key;
    if column.not_null && !column.not_null_validated {
        let sql = format!("{} ADD{} NOT VALID", name::alter_table(key, ""), not_null_sql(key, column, false));
        out.push(Statement::new(key, Action::Alter, sql));
    }
    if column.not_null_comment.is_some() {
        out.extend(not_null_comment(key, column));
    }
    for change in settings(None, column) {
        let sql = format!("{} ALTER COLUMN {} {change}", name::alter_table(key, context.only(key)), key.sql());
        out.push(Statement::new(key, Action::Alter, sql));
    }
    if let Some(Identity { options, sequence, .. }) = column.identity.as_deref()
        && options.unlogged
        && !context.table_of(number).is_some_and(|it| is_unlogged(context, it))
    {
        let sql = format!("ALTER SEQUENCE {} SET UNLOGGED", name::pair(sequence));
        out.push(Statement::new(key, Action::Alter, sql));
    }
}

fn is_unlogged(context: &Context<'_>, table: usize) -> bool {
    context.items.all[table].to.and_then(crate::item::table_of).is_some_and(|it| it.unlogged)
}

/// Storage, compression, statistics and options that differ.
pub(super) fn settings(from: Option<&Column>, to: &Column) -> Vec<String> {
    let mut found = Vec::new();
    let (storage, compression) = (from.and_then(|it| it.storage.as_ref()), from.and_then(|it| it.compression.as_ref()));
    if storage != to.storage.as_ref() {
        found.push(format!("SET STORAGE {}", storage_word(to.storage.as_deref())));
    }
    if compression != to.compression.as_ref() {
        let word = match to.compression.as_deref() {
            Some("p") => "pglz",
            Some("l") => "lz4",
            _ => "DEFAULT",
        };
        found.push(format!("SET COMPRESSION {word}"));
    }
    if from.and_then(|it| it.statistics) != to.statistics {
        found.push(format!("SET STATISTICS {}", to.statistics.unwrap_or(-1)));
    }
    found.extend(options::changes(from.map_or(&[][..], |it| &it.options), &to.options, ""));
    found
}

fn storage_word(letter: Option<&str>) -> &'static str {
    match letter {
        Some("p") => "PLAIN",
        Some("e") => "EXTERNAL",
        Some("m") => "MAIN",
        Some("x") => "EXTENDED",
        _ => "DEFAULT",
    }
}

pub(super) fn remove(context: &Context<'_>, number: usize) -> Statement {
    let item = &context.items.all[number];
    let key = item.key;
    let sql = format!("{} DROP COLUMN {}", name::alter_table(key, ""), key.sql());
    let statement = Statement::new(key, Action::Drop, sql);
    let default = context.items.find(ObjectKind::Default, [key.part(0), key.part(1), key.part(2)]);
    let derived = default
        .and_then(|it| context.items.all[it].from)
        .is_some_and(|it| matches!(&it.definition, Definition::Default(default) if default.generated.is_some()));
    if derived {
        statement
    } else {
        statement.danger(Hazard::DataLoss, format!("column {} of {}", key.sql(), key.qualified()))
    }
}

pub(super) fn set_default(context: &Context<'_>, number: usize, it: &Default) -> Option<Statement> {
    let key = context.items.all[number].key;
    let what = match it.generated {
        None => format!("SET DEFAULT {}", it.expression),
        // A column cannot become a generated one; it was made so.
        Some(_) => return None,
    };
    Some(Statement::new(key, Action::Create, format!("{} {what}", alter_column(context, key))))
}

pub(super) fn alter_default(
    context: &Context<'_>,
    number: usize,
    from: &Default,
    to: &Default,
    out: &mut Vec<Statement>,
) {
    if from == to {
        return;
    }
    let key = context.items.all[number].key;
    let alter = |what: String| Statement::new(key, Action::Alter, format!("{} {what}", alter_column(context, key)));
    let with_children = |what: String| {
        changes_with_parent(context, number).map(|sql| Statement::new(key, Action::Alter, format!("{sql} {what}")))
    };
    match (from.generated, to.generated) {
        (Some(_), None) => {
            out.extend(with_children("DROP EXPRESSION".to_owned()));
            out.push(alter(format!("SET DEFAULT {}", to.expression)));
        }
        (Some(_), Some(kind)) => {
            let statement = with_children(format!("SET EXPRESSION AS ({})", to.expression));
            out.extend(statement.map(|it| match kind {
                Generated::Stored => it.danger(Hazard::Rewrite, key.qualified()),
                Generated::Virtual => it,
            }));
        }
        (None, _) => out.push(alter(format!("SET DEFAULT {}", to.expression))),
    }
}

pub(super) fn drop_default(context: &Context<'_>, number: usize) -> Option<Statement> {
    let item = &context.items.all[number];
    let drop = |sql: String| Statement::new(item.key, Action::Drop, sql);
    match item.from.map(|it| &it.definition) {
        Some(Definition::Default(it)) if it.generated.is_some() => {
            changes_with_parent(context, number).map(|it| drop(format!("{it} DROP EXPRESSION")))
        }
        _ => Some(drop(format!("{} DROP DEFAULT", alter_column(context, item.key)))),
    }
}

/// The beginning of a change of an expression, which children follow; nothing for a child whose parent changes.
fn changes_with_parent(context: &Context<'_>, number: usize) -> Option<String> {
    let key = context.items.all[number].key;
    let table = context.items.find(ObjectKind::Table, [key.part(0), key.part(1)])?;
    let parents = crate::item::parents(context.items.all[table].from);
    let stays = crate::item::parents(context.items.all[table].to);
    let follows = parents.iter().filter(|it| stays.contains(it)).any(|(schema, name)| {
        let default = context.items.find(ObjectKind::Default, [schema, name, key.name()]);
        default.is_some_and(|it| context.items.all[it].fate != Fate::Keep && context.items.all[it].from.is_some())
    });
    (!follows).then(|| format!("{} ALTER COLUMN {}", name::alter_table(key, ""), key.sql()))
}

fn alter_column(context: &Context<'_>, key: &ObjectKey) -> String {
    let kind = context.items.relation_of(key).map_or(ObjectKind::Table, |it| context.items.all[it].key.kind);
    let only = if kind == ObjectKind::Table { context.only(key) } else { "" };
    format!("ALTER {} {only}{} ALTER COLUMN {}", kind.sql(), key.qualified(), key.sql())
}

/// Whether an expression may give another value for each row. Of functions that are not known here, the worst is assumed.
pub(super) fn is_volatile(expression: &str) -> bool {
    const STEADY: [&str; 14] = [
        "now",
        "date_trunc",
        "timezone",
        "to_timestamp",
        "to_char",
        "lower",
        "upper",
        "coalesce",
        "current_setting",
        "jsonb_build_object",
        "jsonb_build_array",
        "numeric",
        "make_interval",
        "transaction_timestamp",
    ];
    let text = without_literals(expression);
    let calls = text.match_indices('(').filter_map(|(at, _)| {
        let before = text[..at].trim_end();
        let begin = before.rfind(|it: char| !(it.is_alphanumeric() || it == '_' || it == '.')).map_or(0, |it| it + 1);
        Some(&before[begin..]).filter(|it| !it.is_empty())
    });
    let unknown = |name: &str| !STEADY.contains(&name) && !is_type_name(name);
    calls.into_iter().any(unknown)
}

/// Types stand in front of parentheses too: `numeric(10,2)`, `character varying(20)`.
fn is_type_name(name: &str) -> bool {
    matches!(
        name,
        "varying" | "character" | "bit" | "time" | "timestamp" | "interval" | "ARRAY" | "AND" | "OR" | "NOT" | "IN"
    )
}

fn without_literals(expression: &str) -> String {
    expression.split('\'').step_by(2).collect::<Vec<_>>().join("''")
}
