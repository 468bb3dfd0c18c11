//! Which tables there are, where their rows lie, and what is in them.

use std::collections::BTreeMap;

use palisade_db::{Connection, DbError, PgRow, Row, batch};
use serde_json::{Map, Value};

/// Rows of one table that are looked at.
const ROWS: usize = 3;

/// A table with rows of its own.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TableState {
    /// `schema.name`, quoted where it must be.
    pub(super) name: String,
    /// Schema and name, not quoted.
    pub(super) path: (String, String),
    /// The number of the file that its rows lie in.
    pub(super) file: String,
    /// The first rows, by column.
    pub(super) rows: Vec<Map<String, Value>>,
}

/// All tables, by the number that they keep when they are renamed.
pub(super) async fn read(connection: &mut Connection) -> Result<BTreeMap<u32, TableState>, DbError> {
    let found = batch(connection, include_str!("tables.sql")).await.map_err(|it| it.error)?;
    let mut tables = BTreeMap::new();
    for row in &found.rows {
        let state = TableState {
            name: text(row, 3)?,
            path: (text(row, 1)?, text(row, 2)?),
            file: text(row, 4)?,
            rows: Vec::new(),
        };
        tables.insert(number(row)?, state);
    }
    let selects = tables.iter().map(|(number, it)| {
        let name = &it.name;
        format!("select {number}, to_jsonb(t) from (select * from only {name} limit {ROWS}) t")
    });
    let all: Vec<String> = selects.collect();
    let rows = batch(connection, &all.join(";\n")).await.map_err(|it| it.error)?;
    for row in &rows.rows {
        let values = text(row, 1)?;
        let Ok(Value::Object(values)) = serde_json::from_str(&values) else {
            return Err(DbError::Unexpected { reason: format!("a row that is none: {values}") });
        };
        if let Some(table) = tables.get_mut(&number(row)?) {
            table.rows.push(values);
        }
    }
    Ok(tables)
}

fn text(row: &PgRow, column: usize) -> Result<String, DbError> {
    Ok(row.try_get_unchecked::<String, _>(column)?)
}

fn number(row: &PgRow) -> Result<u32, DbError> {
    let text = text(row, 0)?;
    text.parse().map_err(|_| DbError::Unexpected { reason: format!("`{text}` is no number of a table") })
}
