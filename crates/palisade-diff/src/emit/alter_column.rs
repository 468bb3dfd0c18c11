//! Columns that change in place.

use std::fmt::Write as _;

use palisade_catalog::definition::{Column, Identity, SequenceOptions};
use palisade_catalog::{Definition, ObjectKey, ObjectKind};
use palisade_plan::Hazard;
use palisade_sql::{quote_ident, quote_literal};

use super::convert::{Conversion, conversion};
use super::{Context, column, name, options, sequence};
use crate::item::{Fate, table_of};
use crate::script::{Action, Statement, Transaction};
use crate::spread::steps_aside;

pub(super) fn alter(context: &Context<'_>, number: usize, from: &Column, to: &Column, out: &mut Vec<Statement>) {
    let Column {
        position: _,
        data_type: _,
        collation: _,
        not_null: _,
        not_null_name: _,
        not_null_comment: comment,
        not_null_local: _,
        not_null_no_inherit: _,
        not_null_validated: _,
        identity: _,
        storage: _,
        compression: _,
        statistics: _,
        options: _,
        foreign_options: _,
        local: _,
        inherited: _,
    } = to;
    let key = context.items.all[number].key;
    let relation = context.items.relation_of(key);
    let kind = relation.map_or(ObjectKind::Table, |it| context.items.all[it].key.kind);
    if kind == ObjectKind::Table {
        if from.identity.is_some() && to.identity.is_none() {
            out.push(change(context, key, "DROP IDENTITY"));
        }
        change_type(context, number, from, to, out);
        if from.not_null && !to.not_null && !is_parents(context, number, |it, other| it.not_null && !other.not_null) {
            out.push(change_all(key, "DROP NOT NULL"));
        }
        not_null(context, number, from, to, out);
        if to.not_null && from.not_null_comment.as_ref().filter(|_| from.not_null) != comment.as_ref() {
            out.extend(column::not_null_comment(key, to));
        }
        change_identity(context, key, from.identity.as_deref(), to.identity.as_deref(), out);
    }
    let only = if kind == ObjectKind::Table { context.only(key) } else { "" };
    for setting in column::settings(Some(from), to) {
        let sql = format!("ALTER {} {only}{} ALTER COLUMN {} {setting}", kind.sql(), key.qualified(), key.sql());
        out.push(Statement::new(key, Action::Alter, sql));
    }
    if let Some(changes) = options::foreign_changes(&from.foreign_options, &to.foreign_options) {
        let sql = format!("ALTER FOREIGN TABLE {} ALTER COLUMN {}{changes}", key.qualified(), key.sql());
        out.push(Statement::new(key, Action::Alter, sql));
    }
}

fn change(context: &Context<'_>, key: &ObjectKey, what: &str) -> Statement {
    let table = name::alter_table(key, context.only(key));
    Statement::new(key, Action::Alter, format!("{table} ALTER COLUMN {} {what}", key.sql()))
}

/// The same for all children, which Postgres wants for what they cannot have otherwise.
fn change_all(key: &ObjectKey, what: &str) -> Statement {
    Statement::new(key, Action::Alter, format!("{} ALTER COLUMN {} {what}", name::alter_table(key, ""), key.sql()))
}

/// Whether the column of a parent changes in the same way, so that this one changes with it.
fn is_parents(context: &Context<'_>, number: usize, same: impl Fn(&Column, &Column) -> bool) -> bool {
    let key = context.items.all[number].key;
    let table = context.items.find(ObjectKind::Table, [key.part(0), key.part(1)]).map(|it| &context.items.all[it]);
    let (Some(before), Some(after)) = (table.and_then(|it| it.from?.into()), table.and_then(|it| it.to)) else {
        return false;
    };
    let (Some(before), Some(after)) = (table_of(before), table_of(after)) else { return false };
    before.parents.iter().filter(|it| after.parents.contains(it)).any(|(schema, name)| {
        let column =
            context.items.find(ObjectKind::Column, [schema, name, key.name()]).map(|it| &context.items.all[it]);
        let both = column.map(|it| (it.from.map(|it| &it.definition), it.to.map(|it| &it.definition)));
        matches!(both, Some((Some(Definition::Column(from)), Some(Definition::Column(to)))) if same(from, to))
    })
}

fn change_type(context: &Context<'_>, number: usize, from: &Column, to: &Column, out: &mut Vec<Statement>) {
    let item = &context.items.all[number];
    let key = item.key;
    let moves_over = context
        .items
        .needs_after(number)
        .iter()
        .map(|it| &context.items.all[it.0])
        .any(|it| it.fate == Fate::Replace && steps_aside(it.key.kind));
    let differs = from.data_type != to.data_type || from.collation != to.collation;
    if !differs && !moves_over {
        return;
    }
    if is_parents(context, number, |it, other| {
        (it.data_type != other.data_type || it.collation != other.collation || moves_over)
            && other.data_type == to.data_type
    }) {
        return;
    }
    let collation = to.collation.as_ref().map(|it| format!(" COLLATE {it}")).unwrap_or_default();
    let mut statement = change_all(key, &format!("TYPE {}{collation}", to.data_type));
    let by_caller = context.options.using.get(key).map(|it| Conversion::Using(it.clone()));
    let conversion = by_caller.unwrap_or_else(|| {
        let only_collation = from.data_type == to.data_type && !moves_over;
        if only_collation {
            Conversion::Free
        } else if moves_over {
            Conversion::Using(format!("{}::text::{}", key.sql(), to.data_type))
        } else {
            conversion(context, &key.sql(), &from.data_type, &to.data_type)
        }
    });
    if let Conversion::Using(expression) = &conversion {
        let _ = write!(statement.sql, " USING {expression}");
    }
    if context.has_rows(context.table_of(number)) {
        if conversion != Conversion::Free {
            statement = statement.danger(Hazard::Rewrite, key.qualified());
        }
        if let Conversion::Using(_) = conversion {
            statement =
                statement.danger(Hazard::MayFail, format!("values of {} may not fit {}", key.sql(), to.data_type));
        }
    }
    out.push(statement);
    comments_of_partitions(context, key, out);
}

/// Postgres builds the indexes of partitions anew with those of the parent, forgets what was said about them, and says of them what
/// is said of the parent's.
fn comments_of_partitions(context: &Context<'_>, key: &ObjectKey, out: &mut Vec<Statement>) {
    if context.only(key).is_empty() {
        return;
    }
    for number in context.items.kind(ObjectKind::Index) {
        let item = &context.items.all[number];
        let Some((Definition::Index(index), comment)) = item.to.map(|it| (&it.definition, &it.comment)) else {
            continue;
        };
        let is_about = |it: &usize| {
            let other = context.items.all[*it].key;
            other.kind == ObjectKind::Column && other.name() == key.name() && other.relation() != key.relation()
        };
        let of_parent = index.parent.as_ref().and_then(|(schema, name)| {
            context.items.get(&ObjectKey::new(ObjectKind::Index, [schema, name])).and_then(|it| it.to?.comment.as_ref())
        });
        let said = comment.is_some() || of_parent.is_some();
        if said
            && index.parent.is_some()
            && item.fate == Fate::Keep
            && context.items.needs_before(number).iter().any(|(it, _)| is_about(it))
        {
            let text = comment.as_ref().map_or_else(|| "NULL".to_owned(), |it| quote_literal(it));
            let sql = format!("COMMENT ON INDEX {} IS {text}", item.key.sql());
            out.push(Statement::new(item.key, Action::Alter, sql));
        }
    }
}

fn not_null(context: &Context<'_>, number: usize, from: &Column, to: &Column, out: &mut Vec<Statement>) {
    let key = context.items.all[number].key;
    if !to.not_null {
        return;
    }
    if !from.not_null {
        if is_parents(context, number, |it, other| !it.not_null && other.not_null) {
            return;
        }
        let has_rows = context.has_rows(context.table_of(number));
        if !to.not_null_validated {
            let sql = format!("{} ADD{} NOT VALID", name::alter_table(key, ""), column::not_null_sql(key, to, false));
            out.push(Statement::new(key, Action::Alter, sql));
        } else if context.options.online && has_rows {
            set_not_null_online(context, number, to, out);
        } else {
            let by_itself = format!("{}_{}_not_null", key.part(1), key.part(2));
            let special = to.not_null_no_inherit || to.not_null_name.as_ref().is_some_and(|it| *it != by_itself);
            let statement = if special {
                let sql = format!("{} ADD{}", name::alter_table(key, ""), column::not_null_sql(key, to, false));
                Statement::new(key, Action::Alter, sql)
            } else {
                change_all(key, "SET NOT NULL")
            };
            out.push(if has_rows {
                let detail = format!("every row of {} is looked at", key.qualified());
                statement
                    .danger(Hazard::MayFail, format!("column {} may hold NULL", key.sql()))
                    .danger(Hazard::BlocksReads, detail)
            } else {
                statement
            });
        }
        return;
    }
    let lapses = |it: &Column, other: &Column| it.not_null_validated && !other.not_null_validated;
    if lapses(from, to) {
        // What is known of all rows cannot be forgotten.
        if !is_parents(context, number, lapses) {
            out.push(change_all(key, "DROP NOT NULL"));
            let sql = format!("{} ADD{} NOT VALID", name::alter_table(key, ""), column::not_null_sql(key, to, false));
            out.push(Statement::new(key, Action::Alter, sql));
        }
        return;
    }
    if let (Some(old), Some(new)) = (&from.not_null_name, &to.not_null_name)
        && old != new
        && !(from.inherited > 0 && to.inherited > 0)
        && !is_parents(context, number, |it, other| {
            it.not_null_name.as_ref() == Some(old) && other.not_null_name.as_ref() == Some(new)
        })
    {
        let sql =
            format!("{} RENAME CONSTRAINT {} TO {}", name::alter_table(key, ""), quote_ident(old), quote_ident(new));
        out.push(Statement::new(key, Action::Alter, sql));
    }
    if to.not_null_local && !from.not_null_local {
        // Said again, it is no longer there for the parent's sake alone.
        out.push(change_all(key, "SET NOT NULL"));
    }
    if let Some(name) = to.not_null_name.as_ref().filter(|_| !from.not_null_validated && to.not_null_validated) {
        let sql = format!("{} VALIDATE CONSTRAINT {}", name::alter_table(key, ""), quote_ident(name));
        out.push(Statement::new(key, Action::Alter, sql));
    }
    if from.not_null_no_inherit != to.not_null_no_inherit
        && let Some(name) = &to.not_null_name
    {
        let what = if to.not_null_no_inherit { "NO INHERIT" } else { "INHERIT" };
        let sql = format!("{} ALTER CONSTRAINT {} {what}", name::alter_table(key, ""), quote_ident(name));
        out.push(Statement::new(key, Action::Alter, sql));
    }
}

/// Rows are looked at while others read and write; the lock that `SET NOT NULL` needs is held for a moment only, because the
/// [check is known to hold](https://www.postgresql.org/docs/current/sql-altertable.html).
pub(super) fn set_not_null_online(context: &Context<'_>, number: usize, to: &Column, out: &mut Vec<Statement>) {
    let key = context.items.all[number].key;
    let table = name::alter_table(key, "");
    let may_fail = format!("column {} may hold NULL", key.sql());
    let step = |sql: String| Statement::new(key, Action::Alter, sql);
    if context.server.version >= 180_000 {
        let by_itself = format!("{}_{}_not_null", key.part(1), key.part(2));
        let constraint = to.not_null_name.clone().unwrap_or(by_itself);
        let to = Column { not_null_name: Some(constraint.clone()), ..to.clone() };
        out.push(step(format!("{table} ADD{} NOT VALID", column::not_null_sql(key, &to, false))));
        out.push(
            step(format!("{table} VALIDATE CONSTRAINT {}", quote_ident(&constraint)))
                .danger(Hazard::MayFail, may_fail)
                .in_transaction(Transaction::Fresh),
        );
        return;
    }
    let check = quote_ident(&context.free_name(key.part(0), &format!("{}_{}", key.part(1), key.part(2)), "_filled"))
        .into_owned();
    out.push(step(format!("{table} ADD CONSTRAINT {check} CHECK ({} IS NOT NULL) NOT VALID", key.sql())));
    out.push(
        step(format!("{table} VALIDATE CONSTRAINT {check}"))
            .danger(Hazard::MayFail, may_fail)
            .in_transaction(Transaction::Fresh),
    );
    out.push(step(format!("{table} ALTER COLUMN {} SET NOT NULL", key.sql())).in_transaction(Transaction::Fresh));
    out.push(step(format!("{table} DROP CONSTRAINT {check}")));
}

fn change_identity(
    context: &Context<'_>,
    key: &ObjectKey,
    from: Option<&Identity>,
    to: Option<&Identity>,
    out: &mut Vec<Statement>,
) {
    let Some(to) = to else { return };
    let Some(from) = from else {
        out.push(change(context, key, &format!("ADD {}", column::identity_sql(to))));
        return;
    };
    if from.sequence != to.sequence && from.sequence.1 != to.sequence.1 {
        {
            let sql =
                format!("ALTER SEQUENCE {} RENAME TO {}", name::pair(&from.sequence), quote_ident(&to.sequence.1));
            out.push(Statement::new(key, Action::Alter, sql));
        }
    }
    let mut words = String::new();
    if from.always != to.always {
        words.push_str(if to.always { " SET GENERATED ALWAYS" } else { " SET GENERATED BY DEFAULT" });
    }
    if !words.is_empty() {
        out.push(change(context, key, words.trim_start()));
    }
    // The type follows that of the column, and bounds that were its own follow too.
    let before = SequenceOptions { data_type: to.options.data_type.clone(), ..from.options.clone() };
    let changes = sequence::differing(&to.options, Some(&before));
    if from.options.data_type != to.options.data_type || !changes.is_empty() {
        let retype = if from.options.data_type == to.options.data_type {
            changes
        } else {
            sequence::differing(&to.options, Some(&from.options))
        };
        let sql = format!("ALTER SEQUENCE {}{retype}", name::pair(&to.sequence));
        out.push(Statement::new(key, Action::Alter, sql));
    }
    if from.options.unlogged != to.options.unlogged {
        let what = if to.options.unlogged { "UNLOGGED" } else { "LOGGED" };
        let sql = format!("ALTER SEQUENCE {} SET {what}", name::pair(&to.sequence));
        out.push(Statement::new(key, Action::Alter, sql));
    }
}
