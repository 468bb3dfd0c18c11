//! Constraints of tables.

use palisade_catalog::definition::{Constraint, ConstraintIndex, ConstraintKind, TableKind};
use palisade_catalog::{Definition, ObjectKey, Strength};
use palisade_plan::Hazard;
use palisade_sql::{TokenKind, lex, quote_ident, quote_literal};

use super::{Context, dress, index, name, options};
use crate::compare::without_not_valid;
use crate::script::{Action, Statement, Transaction};

fn constraint_of<'a>(context: &Context<'a>, number: usize) -> Option<&'a Constraint> {
    match context.items.all[number].to.map(|it| &it.definition) {
        Some(Definition::Constraint(constraint)) => Some(constraint),
        _ => None,
    }
}

/// A constraint as it stands in `CREATE TABLE`; nothing for one that comes from a parent.
pub(super) fn inline(context: &Context<'_>, number: usize) -> Option<String> {
    let it = constraint_of(context, number)?;
    let table = context.table_of(number).and_then(|it| context.items.all[it].to).and_then(crate::item::table_of)?;
    let comes_with_parent = !it.local && it.inherited > 0 && !table.is_partition();
    let key = context.items.all[number].key;
    (!comes_with_parent).then(|| format!("CONSTRAINT {} {}", key.sql(), definition(it)))
}

/// What a constraint has that `CREATE TABLE` has no words for.
pub(super) fn finish_inline(context: &Context<'_>, number: usize, out: &mut Vec<Statement>) {
    let item = &context.items.all[number];
    if let (Some(it), Some(object)) = (constraint_of(context, number), item.to) {
        index_flags(context, item.key, None, it.index.as_deref(), out);
        dress::dress(context, number, object, out);
    }
}

/// The text of a constraint, with the parameters of the index behind it, which the server's own text leaves out.
fn definition(it: &Constraint) -> String {
    let Some(ConstraintIndex { options, tablespace, .. }) = it.index.as_deref() else { return it.definition.clone() };
    let tablespace = tablespace.as_ref().map(|it| format!(" USING INDEX TABLESPACE {}", quote_ident(it)));
    let more = options::with(options) + &tablespace.unwrap_or_default();
    if more.is_empty() {
        return it.definition.clone();
    }
    let place = behind_columns(&it.definition);
    format!("{}{more}{}", &it.definition[..place], &it.definition[place..])
}

/// The place behind the columns, and behind `INCLUDE (…)`.
fn behind_columns(definition: &str) -> usize {
    let Ok(tokens) = lex(definition) else { return definition.len() };
    let (mut depth, mut place) = (0, definition.len());
    for (index, token) in tokens.iter().enumerate() {
        match token.kind {
            TokenKind::Symbol('(') => depth += 1,
            TokenKind::Symbol(')') => {
                depth -= 1;
                if depth == 0 {
                    place = token.end();
                    if !tokens.get(index + 1).is_some_and(|it| it.is("include")) {
                        break;
                    }
                }
            }
            _ => {}
        }
    }
    place
}

/// The index behind a unique constraint or primary key, built while others write.
fn unique_index(key: &ObjectKey, it: &Constraint) -> String {
    let body = &it.definition[..behind_columns(&it.definition)];
    let body = body.strip_prefix("PRIMARY KEY ").or_else(|| body.strip_prefix("UNIQUE ")).unwrap_or(body);
    let (body, nulls) = match body.strip_prefix("NULLS NOT DISTINCT ") {
        Some(body) => (body, " NULLS NOT DISTINCT"),
        None => (body, ""),
    };
    let behind = it.index.as_ref();
    let options = behind.map(|it| options::with(&it.options)).unwrap_or_default();
    let tablespace = behind.and_then(|it| it.tablespace.as_ref()).map(|it| format!(" TABLESPACE {}", quote_ident(it)));
    format!(
        "CREATE UNIQUE INDEX CONCURRENTLY {} ON {} USING btree {body}{nulls}{options}{}",
        key.sql(),
        key.qualified(),
        tablespace.unwrap_or_default()
    )
}

/// Whether `PRIMARY KEY USING INDEX` would leave more than the key behind: from version 18 on it runs `SET NOT NULL`, after which a
/// NOT NULL that came from a parent counts as declared in the table itself, and nothing takes that back.
fn declares_inherited_not_null(context: &Context<'_>, number: usize, it: &Constraint) -> bool {
    let is_inherited = |(needed, _): &(usize, Strength)| match context.items.all[*needed].to.map(|it| &it.definition) {
        Some(Definition::Column(column)) => column.not_null && !column.not_null_local,
        _ => false,
    };
    context.server.version >= 180_000
        && it.kind == ConstraintKind::PrimaryKey
        && context.items.needs_after(number).iter().any(is_inherited)
}

pub(super) fn add(context: &Context<'_>, number: usize, it: &Constraint, out: &mut Vec<Statement>) {
    let key = context.items.all[number].key;
    let table = context.table_of(number);
    let has_rows = context.has_rows(table);
    // Children get their own, which are tied to this one afterwards.
    let only = if it.kind.has_index() { context.only(key) } else { "" };
    let add = |definition: &str| {
        let sql = format!("{} ADD CONSTRAINT {} {definition}", name::alter_table(key, only), key.sql());
        Statement::new(key, Action::Create, sql)
    };
    let may_fail = |statement: Statement| {
        let detail = match it.kind {
            ConstraintKind::Check | ConstraintKind::Exclude => format!("rows of {} may not obey it", key.qualified()),
            ConstraintKind::ForeignKey => format!("rows of {} may refer to nothing", key.qualified()),
            ConstraintKind::PrimaryKey | ConstraintKind::Unique => format!("rows of {} may be equal", key.qualified()),
        };
        statement.danger(Hazard::MayFail, detail)
    };
    let kind = table.and_then(|it| context.items.all[it].to).and_then(crate::item::table_of).map(|it| it.kind);
    let (is_ordinary, is_partitioned) = (kind == Some(TableKind::Ordinary), kind == Some(TableKind::Partitioned));
    if context.options.online
        && has_rows
        && it.validated
        && it.enforced
        && it.kind.has_index()
        && is_ordinary
        && it.kind != ConstraintKind::Exclude
        && !it.definition.contains("WITHOUT OVERLAPS")
        && !declares_inherited_not_null(context, number, it)
    {
        let create = Statement::new(key, Action::Create, unique_index(key, it));
        out.push(may_fail(index::outside(create)));
        let words = if it.kind == ConstraintKind::PrimaryKey { "PRIMARY KEY" } else { "UNIQUE" };
        let mut definition = format!("{words} USING INDEX {}", key.sql());
        if it.deferrable {
            definition.push_str(" DEFERRABLE");
        }
        if it.deferred {
            definition.push_str(" INITIALLY DEFERRED");
        }
        out.push(add(&definition));
    } else if context.options.online
        && has_rows
        && it.validated
        && it.enforced
        && !it.kind.has_index()
        && !(is_partitioned && it.kind == ConstraintKind::ForeignKey)
    {
        out.push(add(&format!("{} NOT VALID", it.definition)));
        let sql = format!("{} VALIDATE CONSTRAINT {}", name::alter_table(key, ""), key.sql());
        out.push(may_fail(Statement::new(key, Action::Alter, sql)).in_transaction(Transaction::Fresh));
    } else {
        let statement = add(&definition(it));
        out.push(if has_rows && it.validated && it.enforced {
            let detail = format!("every row of {} is looked at", key.qualified());
            let hazard = if it.kind == ConstraintKind::ForeignKey { Hazard::BlocksWrites } else { Hazard::BlocksReads };
            may_fail(statement).danger(hazard, detail)
        } else {
            statement
        });
    }
    index_flags(context, key, None, it.index.as_deref(), out);
}

/// `CLUSTER ON`, `REPLICA IDENTITY`, statistics and comment of the index behind a constraint.
fn index_flags(
    context: &Context<'_>,
    key: &ObjectKey,
    from: Option<&ConstraintIndex>,
    to: Option<&ConstraintIndex>,
    out: &mut Vec<Statement>,
) {
    let Some(to) = to else { return };
    let flags = |it: &ConstraintIndex| (it.clustered, it.replica_identity);
    index::flags(context, key, key, key.part(2), from.map_or((false, false), flags), flags(to), out);
    let own = format!("{}.{}", quote_ident(key.part(0)), key.sql());
    let before = from.map_or(&[][..], |it| &it.statistics);
    for (column, target) in to.statistics.iter().filter(|it| !before.contains(it)) {
        let sql = format!("ALTER INDEX {own} ALTER COLUMN {column} SET STATISTICS {target}");
        out.push(Statement::new(key, Action::Alter, sql));
    }
    for (column, _) in before.iter().filter(|old| !to.statistics.iter().any(|it| it.0 == old.0)) {
        let sql = format!("ALTER INDEX {own} ALTER COLUMN {column} SET STATISTICS -1");
        out.push(Statement::new(key, Action::Alter, sql));
    }
    if from.and_then(|it| it.comment.as_ref()) != to.comment.as_ref() {
        let text = to.comment.as_deref().map_or_else(|| "NULL".to_owned(), quote_literal);
        out.push(Statement::new(key, Action::Alter, format!("COMMENT ON INDEX {own} IS {text}")));
    }
}

pub(super) fn alter(
    context: &Context<'_>,
    number: usize,
    from: &Constraint,
    to: &Constraint,
    out: &mut Vec<Statement>,
) {
    let key = context.items.all[number].key;
    let change = |what: String| Statement::new(key, Action::Alter, format!("{} {what}", name::alter_table(key, "")));
    if (from.deferrable, from.deferred) != (to.deferrable, to.deferred) {
        let mut words = if to.deferrable { "DEFERRABLE" } else { "NOT DEFERRABLE" }.to_owned();
        if to.deferrable {
            words.push_str(if to.deferred { " INITIALLY DEFERRED" } else { " INITIALLY IMMEDIATE" });
        }
        out.push(change(format!("ALTER CONSTRAINT {} {words}", key.sql())));
    }
    if !from.validated && to.validated && without_not_valid(&from.definition) == to.definition {
        out.push(
            change(format!("VALIDATE CONSTRAINT {}", key.sql()))
                .danger(Hazard::MayFail, format!("rows of {} may not obey it", key.qualified())),
        );
    }
    if let (Some(from), Some(to)) = (&from.index, &to.index) {
        let own = format!("{}.{}", quote_ident(key.part(0)), key.sql());
        for what in options::changes(&from.options, &to.options, "") {
            out.push(Statement::new(key, Action::Alter, format!("ALTER INDEX {own} {what}")));
        }
        if from.tablespace != to.tablespace {
            let tablespace = quote_ident(to.tablespace.as_deref().unwrap_or("pg_default")).into_owned();
            out.push(Statement::new(key, Action::Alter, format!("ALTER INDEX {own} SET TABLESPACE {tablespace}")));
        }
        index_flags(context, key, Some(from), Some(to), out);
    }
}

pub(super) fn remove(context: &Context<'_>, number: usize, _: &Constraint) -> Statement {
    let key = context.items.all[number].key;
    Statement::new(key, Action::Drop, format!("{} DROP CONSTRAINT {}", name::alter_table(key, ""), key.sql()))
}

#[cfg(test)]
mod tests {
    use super::behind_columns;

    #[test]
    fn parameters_stand_behind_the_columns() {
        let check = |text: &str, before: &str| assert_eq!(&text[..behind_columns(text)], before);
        check("PRIMARY KEY (id)", "PRIMARY KEY (id)");
        check("UNIQUE (\"a)\", b) INCLUDE (c) DEFERRABLE", "UNIQUE (\"a)\", b) INCLUDE (c)");
        check("EXCLUDE USING gist (r WITH &&) WHERE ((a > 1))", "EXCLUDE USING gist (r WITH &&)");
    }
}
