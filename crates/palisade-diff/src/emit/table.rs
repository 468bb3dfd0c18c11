//! Tables: made with all that can stand in `CREATE TABLE`.

use std::fmt::Write as _;

use palisade_catalog::definition::{Column, Table, TableKind};
use palisade_catalog::{Definition, Object, ObjectKind};
use palisade_sql::quote_ident;

use super::{Context, column, constraint, dress, name, options, types};
use crate::item::is_only_inherited;
use crate::script::{Action, Statement};

pub(super) fn create(context: &Context<'_>, number: usize, it: &Table, out: &mut Vec<Statement>) {
    let key = context.items.all[number].key;
    let columns = columns(context, number);
    let inline_parents = !it.is_partition() && !it.parents.is_empty();
    let stands = |object: &Object| it.of_type.is_none() && !(inline_parents && is_only_inherited(&object.definition));
    let mut parts: Vec<String> = columns
        .iter()
        .filter(|(_, object, _)| stands(object))
        .map(|(number, _, column)| column::sql(context, *number, column))
        .collect();
    parts.extend(constraints(context, number).into_iter().filter_map(|it| constraint::inline(context, it)));
    let what = match it.kind {
        TableKind::Foreign => "FOREIGN TABLE",
        TableKind::Ordinary | TableKind::Partitioned if it.unlogged => "UNLOGGED TABLE",
        TableKind::Ordinary | TableKind::Partitioned => "TABLE",
    };
    let mut sql = format!("CREATE {what} {}", key.sql());
    let body = match &it.of_type {
        Some(of_type) if parts.is_empty() => format!(" OF {of_type}"),
        Some(of_type) => format!(" OF {of_type} ({})", types::lines(&parts)),
        None => format!(" ({})", types::lines(&parts)),
    };
    sql.push_str(&body);
    if inline_parents {
        let parents: Vec<String> = it.parents.iter().map(name::pair).collect();
        let _ = write!(sql, " INHERITS ({})", parents.join(", "));
    }
    if let Some(partition_key) = &it.partition_key {
        let _ = write!(sql, " PARTITION BY {partition_key}");
    }
    if let Some(access_method) = &it.access_method {
        let _ = write!(sql, " USING {}", quote_ident(access_method));
    }
    if let Some(server) = &it.server {
        let _ = write!(sql, " SERVER {}{}", quote_ident(server), options::foreign(&it.foreign_options));
    }
    let toast = it.toast_options.iter().map(|it| format!("toast.{it}"));
    let storage: Vec<String> = it.options.iter().cloned().chain(toast).collect();
    sql.push_str(&options::with(&storage));
    if let Some(tablespace) = &it.tablespace {
        let _ = write!(sql, " TABLESPACE {}", quote_ident(tablespace));
    }
    out.push(Statement::new(key, Action::Create, sql));
    finish(context, number, it, &columns, out);
}

/// What `CREATE TABLE` has no words for.
fn finish(
    context: &Context<'_>,
    number: usize,
    it: &Table,
    columns: &[(usize, &Object, &Column)],
    out: &mut Vec<Statement>,
) {
    let key = context.items.all[number].key;
    for (number, object, column) in columns {
        let column_key = context.items.all[*number].key;
        let inherited = !it.is_partition() && !it.parents.is_empty() && is_only_inherited(&object.definition);
        let alter = format!("{} ALTER COLUMN {}", name::alter_table(key, context.only(key)), column_key.sql());
        if it.of_type.is_some()
            && let Some((default, value)) = column::default_of(context, column_key)
            && context.aliases.creates.contains_key(&default)
        {
            out.extend(column::set_default(context, default, value));
        }
        if it.of_type.is_some() || inherited {
            let by_parent = inherited && of_parents(context, it, column_key.name(), |it| it.not_null);
            if column.not_null && !by_parent {
                out.push(Statement::new(column_key, Action::Alter, format!("{alter} SET NOT NULL")));
            }
        }
        if inherited
            && column::default_of(context, column_key).is_none()
            && parent_default(context, it, column_key.name())
        {
            out.push(Statement::new(column_key, Action::Alter, format!("{alter} DROP DEFAULT")));
        }
        column::finish(context, *number, column, out);
        dress::dress(context, *number, object, out);
    }
    for part in constraints(context, number) {
        constraint::finish_inline(context, part, out);
    }
    if let ("n" | "f", true) = (it.replica_identity.as_str(), it.kind != TableKind::Foreign) {
        let what = if it.replica_identity == "n" { "NOTHING" } else { "FULL" };
        out.push(Statement::new(key, Action::Alter, format!("{} REPLICA IDENTITY {what}", name::alter_table(key, ""))));
    }
}

/// Whether a parent has a column of that name of which something is true.
fn of_parents(context: &Context<'_>, it: &Table, column: &str, holds: impl Fn(&Column) -> bool) -> bool {
    it.parents.iter().any(|(schema, name)| {
        let number = context.items.find(ObjectKind::Column, [schema, name, column]);
        number.and_then(|it| column::column_of(context, it)).is_some_and(&holds)
    })
}

fn parent_default(context: &Context<'_>, it: &Table, column: &str) -> bool {
    it.parents.iter().any(|(schema, name)| {
        let number = context.items.find(ObjectKind::Default, [schema, name, column]);
        number.is_some_and(|it| context.items.all[it].to.is_some())
    })
}

/// The columns on the right side, in order.
fn columns<'a>(context: &Context<'a>, number: usize) -> Vec<(usize, &'a Object, &'a Column)> {
    let (schema, name) = context.items.all[number].key.relation();
    let all = context.items.parts(ObjectKind::Column, schema, name);
    let mut found: Vec<(usize, &Object, &Column)> = all
        .filter_map(|it| match context.items.all[it].to {
            Some(object) => match &object.definition {
                Definition::Column(column) => Some((it, object, column)),
                _ => None,
            },
            None => None,
        })
        .collect();
    found.sort_by_key(|(_, _, column)| column.position);
    found
}

/// The constraints that are made together with the table.
fn constraints(context: &Context<'_>, number: usize) -> Vec<usize> {
    let of_kind = |it: &usize| context.items.all[*it].key.kind == ObjectKind::Constraint;
    context.parts.get(&number).into_iter().flatten().copied().filter(of_kind).collect()
}
