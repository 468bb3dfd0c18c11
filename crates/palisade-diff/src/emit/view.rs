//! Views.

use std::fmt::Write as _;

use palisade_catalog::ObjectKind;
use palisade_catalog::definition::View;
use palisade_sql::quote_ident;

use super::{Context, column, dress, options};
use crate::script::{Action, Statement};

pub(super) fn create(context: &Context<'_>, number: usize, it: &View, out: &mut Vec<Statement>) {
    out.push(Statement::new(context.items.all[number].key, Action::Create, sql(context, number, it, "")));
    columns(context, number, out);
}

fn sql(context: &Context<'_>, number: usize, it: &View, replace: &str) -> String {
    let key = context.items.all[number].key;
    let View { query, options, access_method, tablespace, populated } = it;
    let mut sql = format!("CREATE {replace}{} {}", key.kind.sql(), key.sql());
    if let Some(access_method) = access_method {
        let _ = write!(sql, " USING {}", quote_ident(access_method));
    }
    sql.push_str(&options::with(options));
    if let Some(tablespace) = tablespace {
        let _ = write!(sql, " TABLESPACE {}", quote_ident(tablespace));
    }
    let _ = write!(sql, " AS\n{}", query.trim_end());
    if !populated {
        sql.push_str("\n WITH NO DATA");
    }
    sql
}

/// What is said of the columns of a view, and what they hold if an `INSERT` does not say.
fn columns(context: &Context<'_>, number: usize, out: &mut Vec<Statement>) {
    let kind = context.items.all[number].key.kind;
    for part in context.parts.get(&number).into_iter().flatten() {
        let item = &context.items.all[*part];
        let Some(object) = item.to else { continue };
        if let Some(column) = column::column_of(context, *part) {
            for setting in column::settings(None, column).into_iter().filter(|_| kind == ObjectKind::MaterializedView) {
                let sql = format!(
                    "ALTER MATERIALIZED VIEW {} ALTER COLUMN {} {setting}",
                    item.key.qualified(),
                    item.key.sql()
                );
                out.push(Statement::new(item.key, Action::Alter, sql));
            }
        }
        dress::dress(context, *part, object, out);
    }
}

pub(super) fn alter(context: &Context<'_>, number: usize, from: &View, to: &View, out: &mut Vec<Statement>) {
    let View { query, options, access_method: _, tablespace, populated } = to;
    let key = context.items.all[number].key;
    if from.query == *query {
        for what in options::changes(&from.options, options, "") {
            out.push(Statement::new(key, Action::Alter, format!("ALTER {} {} {what}", key.kind.sql(), key.sql())));
        }
    } else {
        // Options that are not said again are gone.
        out.push(Statement::new(key, Action::Alter, sql(context, number, to, "OR REPLACE ")));
        columns(context, number, out);
    }
    if from.populated != *populated {
        let how = if *populated { "" } else { " WITH NO DATA" };
        out.push(Statement::new(key, Action::Alter, format!("REFRESH MATERIALIZED VIEW {}{how}", key.sql())));
    }
    if from.tablespace != *tablespace {
        let tablespace = quote_ident(tablespace.as_deref().unwrap_or("pg_default")).into_owned();
        let sql = format!("ALTER {} {} SET TABLESPACE {tablespace}", key.kind.sql(), key.sql());
        out.push(Statement::new(key, Action::Alter, sql));
    }
}
