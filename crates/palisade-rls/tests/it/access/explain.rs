//! What EXPLAIN shows of the policies, which are put into a query before it is planned.

use palisade_db::Connection;
use palisade_policy::{AccessCommand, Cell};
use serde_json::Value;

use crate::support::ask;

/// What the server's plan says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    None,
    Some,
    All,
    /// It does not say.
    Unseen,
}

pub(super) async fn shown(connection: &mut Connection, cell: &Cell) -> Shown {
    let Cell { role, table, command, columns, .. } = cell;
    let column = columns.as_ref().and_then(|it| it.first()).map_or("v", String::as_str);
    let statement = match command {
        AccessCommand::Select => format!("explain (verbose, format json) select 1 from {table}"),
        AccessCommand::Update => format!("explain (verbose, format json) update {table} set {column} = default"),
        AccessCommand::Delete => format!("explain (verbose, format json) delete from {table}"),
        AccessCommand::Insert => {
            format!("explain (verbose, format json) insert into {table} ({column}) values (default)")
        }
        AccessCommand::Truncate | AccessCommand::References => {
            let sql = format!("select has_table_privilege('{role}', '{table}', '{}')", command.as_str());
            let held = ask(connection, &sql).await.unwrap() == "t";
            return if held { Shown::All } else { Shown::None };
        }
    };
    let sql = format!("begin; set local role {role}; {statement}");
    let answer = ask(connection, &sql).await;
    match answer {
        Ok(text) => {
            ask(connection, "rollback").await.unwrap();
            if *command == AccessCommand::Insert {
                return Shown::Unseen;
            }
            let plan: Value = serde_json::from_str(&text).unwrap();
            of_plan(&plan[0]["Plan"])
        }
        Err(error) => match error.sqlstate().map(|it| it.to_string()).as_deref() {
            Some("42501") => Shown::None,
            other => panic!("{other:?} {error}: {sql}"),
        },
    }
}

/// A plan without a condition reaches all rows, one that is false from the start none.
fn of_plan(node: &Value) -> Shown {
    let mut shown = Shown::All;
    if node["One-Time Filter"] == "false" {
        return Shown::None;
    }
    let conditions = [
        "Filter",
        "One-Time Filter",
        "Index Cond",
        "Recheck Cond",
        "Join Filter",
        "Hash Cond",
        "Merge Cond",
        "TID Cond",
    ];
    if conditions.iter().any(|it| node.get(it).is_some()) {
        shown = Shown::Some;
    }
    for inner in node["Plans"].as_array().into_iter().flatten() {
        // Sub-selects of conditions are plans of their own.
        let relationship = inner["Parent Relationship"].as_str().unwrap_or_default();
        if relationship == "SubPlan" || relationship == "InitPlan" {
            continue;
        }
        match of_plan(inner) {
            Shown::None => return Shown::None,
            Shown::Some => shown = Shown::Some,
            Shown::All | Shown::Unseen => {}
        }
    }
    shown
}
