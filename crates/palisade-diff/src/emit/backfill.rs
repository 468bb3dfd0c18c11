//! Filling a new column without holding a lock for as long as every row takes.

use palisade_catalog::definition::Column;
use palisade_catalog::{ObjectKey, ObjectKind};
use palisade_plan::Hazard;
use palisade_sql::quote_literal;

use super::{Context, alter_column, column, name};
use crate::script::{Action, Statement, Transaction};

/// How many pages of a table are written in one transaction: 8 MiB.
const PAGES: u32 = 1024;

/// Adds a column whose default gives another value for each row: first the column, which is NULL everywhere; then the default, for
/// new rows; then old rows, some at a time; then NOT NULL.
pub(super) fn add(context: &Context<'_>, number: usize, it: &Column, out: &mut Vec<Statement>) {
    let key = context.items.all[number].key;
    let Some((_, default)) = column::default_of(context, key) else { return };
    let collation = it.collation.as_ref().map(|it| format!(" COLLATE {it}")).unwrap_or_default();
    let table = name::alter_table(key, "");
    let add = format!("{table} ADD COLUMN {} {}{collation}", key.sql(), it.data_type);
    out.push(Statement::new(key, Action::Create, add));
    let set = format!("{table} ALTER COLUMN {} SET DEFAULT {}", key.sql(), default.expression);
    out.push(Statement::new(key, Action::Alter, set));
    // It is about whole rows: triggers may change other columns of them, too.
    let rows = ObjectKey::new(ObjectKind::Table, [key.part(0), key.part(1)]);
    let fires = if has_triggers(context, key) { "; triggers for UPDATE fire" } else { "" };
    let detail = format!("fills {} some rows at a time, and can be run again{fires}", key.sql());
    out.push(
        Statement::new(&rows, Action::Alter, fill(&key.qualified(), &key.sql(), &default.expression))
            .danger(Hazard::NotTransactional, detail)
            .in_transaction(Transaction::Outside),
    );
    if it.not_null {
        alter_column::set_not_null_online(context, number, it, out);
    }
}

/// Whether something happens when rows of a table are written.
fn has_triggers(context: &Context<'_>, key: &ObjectKey) -> bool {
    let triggers = context.items.parts(ObjectKind::Trigger, key.part(0), key.part(1));
    context.items.all[triggers].iter().any(|it| it.to.is_some())
}

/// Every batch is found by its place in the table, so that the whole is linear; rows that were filled meanwhile are left alone.
fn fill(table: &str, column: &str, expression: &str) -> String {
    format!(
        "DO $fill$\n\
         DECLARE\n  \
           page bigint := 0;\n  \
           pages bigint := pg_relation_size({}) / current_setting('block_size')::bigint;\n\
         BEGIN\n  \
           WHILE page <= pages LOOP\n    \
             UPDATE {table} SET {column} = {expression}\n      \
               WHERE {column} IS NULL\n        \
                 AND ctid >= format('(%s,0)', page)::tid AND ctid < format('(%s,0)', page + {PAGES})::tid;\n    \
             page := page + {PAGES};\n    \
             COMMIT;\n  \
           END LOOP;\n\
         END\n\
         $fill$",
        quote_literal(table)
    )
}
