//! Indexes.

use palisade_catalog::ObjectKey;
use palisade_catalog::definition::Index;
use palisade_catalog::{Definition, ObjectKind};
use palisade_plan::Hazard;
use palisade_sql::quote_ident;

use super::{Context, name};
use crate::item::Fate;
use crate::script::{Action, Statement, Transaction};

pub(super) fn create(context: &Context<'_>, number: usize, it: &Index, out: &mut Vec<Statement>) {
    let key = context.items.all[number].key;
    if swaps(context, number) {
        swap(context, number, it, out);
        return;
    }
    let table = context
        .table_of(number)
        .or_else(|| context.items.find(ObjectKind::MaterializedView, [&it.table.0, &it.table.1]));
    let has_rows = context.has_rows(table);
    let online = context.options.online && has_rows && !it.partitioned;
    let text = with_tablespace(it);
    let mut statement = if online {
        outside(Statement::new(key, Action::Create, concurrently(&text)))
    } else {
        Statement::new(key, Action::Create, text)
    };
    if has_rows && !it.partitioned {
        if it.unique {
            statement = statement.danger(Hazard::MayFail, format!("rows of {} may be equal", name::pair(&it.table)));
        }
        if !online {
            let detail = format!("every row of {} is looked at", name::pair(&it.table));
            statement = statement.danger(Hazard::BlocksWrites, detail);
        }
    }
    out.push(statement);
    settings(context, key, None, it, out);
}

/// The definition with the tablespace, which the server's own text leaves out.
fn with_tablespace(it: &Index) -> String {
    let Some(tablespace) = &it.tablespace else { return it.definition.clone() };
    let words = format!(" TABLESPACE {}", quote_ident(tablespace));
    match it.definition.find(" WHERE ") {
        Some(place) => format!("{}{words}{}", &it.definition[..place], &it.definition[place..]),
        None => format!("{}{words}", it.definition),
    }
}

/// The form that lets others write meanwhile.
pub(super) fn concurrently(definition: &str) -> String {
    match definition.split_once(" INDEX ") {
        Some((before, behind)) => format!("{before} INDEX CONCURRENTLY {behind}"),
        None => definition.to_owned(),
    }
}

/// What Postgres does outside of transactions only.
pub(super) fn outside(statement: Statement) -> Statement {
    statement
        .danger(Hazard::NotTransactional, "interrupted, it leaves an invalid index")
        .in_transaction(Transaction::Outside)
}

pub(super) fn alter(context: &Context<'_>, key: &ObjectKey, from: &Index, to: &Index, out: &mut Vec<Statement>) {
    settings(context, key, Some(from), to, out);
    if from.tablespace != to.tablespace {
        let tablespace = quote_ident(to.tablespace.as_deref().unwrap_or("pg_default")).into_owned();
        let sql = format!("ALTER INDEX {} SET TABLESPACE {tablespace}", key.sql());
        out.push(Statement::new(key, Action::Alter, sql));
    }
}

fn settings(context: &Context<'_>, key: &ObjectKey, from: Option<&Index>, to: &Index, out: &mut Vec<Statement>) {
    let before = |column: u32| from.and_then(|it| it.statistics.iter().find(|it| it.0 == column)).map_or(-1, |it| it.1);
    let gone =
        from.into_iter().flat_map(|it| &it.statistics).filter(|it| !to.statistics.iter().any(|new| new.0 == it.0));
    let wanted = to.statistics.iter().copied().chain(gone.map(|it| (it.0, -1)));
    for (column, target) in wanted.filter(|it| before(it.0) != it.1) {
        let sql = format!("ALTER INDEX {} ALTER COLUMN {column} SET STATISTICS {target}", key.sql());
        out.push(Statement::new(key, Action::Alter, sql));
    }
    let table = ObjectKey::new(ObjectKind::Table, [&to.table.0, &to.table.1]);
    let of = |it: &Index| (it.clustered, it.replica_identity);
    flags(context, key, &table, key.part(1), from.map_or((false, false), of), of(to), out);
}

/// `CLUSTER ON` and `REPLICA IDENTITY USING INDEX`. That another index takes over needs no word here, it says so itself; where
/// none does, the table says so.
pub(super) fn flags(
    context: &Context<'_>,
    key: &ObjectKey,
    table: &ObjectKey,
    index: &str,
    from: (bool, bool),
    to: (bool, bool),
    out: &mut Vec<Statement>,
) {
    let alter = |what: String| Statement::new(key, Action::Alter, format!("{} {what}", name::alter_table(table, "")));
    match (from.0, to.0) {
        (false, true) => out.push(alter(format!("CLUSTER ON {}", quote_ident(index)))),
        (true, false) if !context.clustered.contains(&table.relation()) => {
            out.push(alter("SET WITHOUT CLUSTER".to_owned()));
        }
        _ => {}
    }
    if !from.1 && to.1 {
        out.push(alter(format!("REPLICA IDENTITY USING INDEX {}", quote_ident(index))));
    }
}

pub(super) fn remove(context: &Context<'_>, number: usize, it: &Index) -> Statement {
    let item = &context.items.all[number];
    let table_stays = context.has_rows(context.table_of(number));
    let is_alone = item.fate == Fate::Drop && !it.partitioned && it.parent.is_none();
    if context.options.online && table_stays && is_alone {
        let sql = format!("DROP INDEX CONCURRENTLY {}", item.key.sql());
        return Statement::new(item.key, Action::Drop, sql)
            .danger(Hazard::NotTransactional, "interrupted, it leaves an invalid index")
            .in_transaction(Transaction::Outside);
    }
    Statement::new(item.key, Action::Drop, format!("DROP INDEX {}", item.key.sql()))
}

/// Whether an index that changes is built under another name before the old one goes, while others use it.
pub(super) fn swaps(context: &Context<'_>, number: usize) -> bool {
    let item = &context.items.all[number];
    let (Some(Definition::Index(from)), Some(Definition::Index(to))) =
        (item.from.map(|it| &it.definition), item.to.map(|it| &it.definition))
    else {
        return false;
    };
    let simple = |it: &Index| !it.partitioned && it.parent.is_none() && !it.replica_identity;
    let stays = |it: &usize| matches!(context.items.all[*it].fate, Fate::Keep);
    context.options.online
        && item.fate == Fate::Replace
        && simple(from)
        && simple(to)
        && from.table == to.table
        && context.has_rows(context.table_of(number))
        && context.items.needs_before(number).iter().all(|(needed, _)| stays(needed))
}

fn swap(context: &Context<'_>, number: usize, to: &Index, out: &mut Vec<Statement>) {
    let key = context.items.all[number].key;
    let temporary = context.free_name(key.part(0), key.part(1), "_new");
    let own = quote_ident(key.part(1)).into_owned();
    let new = format!(" {} ON ", quote_ident(&temporary));
    let built = concurrently(&with_tablespace(to).replacen(&format!(" {own} ON "), &new, 1));
    let mut create = outside(Statement::new(key, Action::Create, built));
    if to.unique {
        create = create.danger(Hazard::MayFail, format!("rows of {} may be equal", name::pair(&to.table)));
    }
    out.push(create);
    out.push(outside(Statement::new(key, Action::Drop, format!("DROP INDEX CONCURRENTLY {}", key.sql()))));
    let schema = quote_ident(key.part(0)).into_owned();
    let rename = format!("ALTER INDEX {schema}.{} RENAME TO {own}", quote_ident(&temporary));
    out.push(Statement::new(key, Action::Alter, rename));
    settings(context, key, None, to, out);
}
