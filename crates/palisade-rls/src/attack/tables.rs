//! What has to be known of tables to put rows into them.

use std::collections::{BTreeMap, BTreeSet};

use palisade_db::{Connection, DbError, Row, batch};
use palisade_policy::Oid;
use serde::Deserialize;

use crate::trial::TrialError;

/// A column.
#[derive(Debug, Clone, Deserialize)]
#[allow(clippy::struct_excessive_bools, reason = "each is one independent answer of the catalog")]
pub(super) struct Column {
    pub(super) number: i32,
    pub(super) name: String,
    /// Of a domain, the type below it.
    #[serde(rename = "type")]
    pub(super) data_type: String,
    pub(super) not_null: bool,
    /// Whether there is a value without us.
    pub(super) default: bool,
    /// `GENERATED ALWAYS AS IDENTITY`
    pub(super) always: bool,
    pub(super) generated: bool,
    pub(super) labels: Vec<String>,
    /// The checks that it has a part in, as the server writes them.
    pub(super) checks: Vec<String>,
}

/// A foreign key.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Key {
    pub(super) columns: Vec<i32>,
    pub(super) referenced: Oid,
    pub(super) referenced_columns: Vec<i32>,
}

/// A table.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Table {
    pub(super) columns: Vec<Column>,
    pub(super) keys: Vec<Key>,
}

/// These tables, and all that they refer to.
pub(super) async fn read(
    connection: &mut Connection,
    relations: impl IntoIterator<Item = Oid>,
) -> Result<BTreeMap<Oid, Table>, TrialError> {
    let mut tables: BTreeMap<Oid, Table> = BTreeMap::new();
    let mut wanted: BTreeSet<Oid> = relations.into_iter().collect();
    while !wanted.is_empty() {
        let list = wanted.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let sql = include_str!("tables.sql").replace("$relations", &list);
        let done = batch(connection, &sql).await.map_err(|it| it.error)?;
        let asked = std::mem::take(&mut wanted);
        for row in &done.rows {
            let number: String = row.try_get_unchecked("relation").map_err(DbError::from)?;
            let answer: String = row.try_get("answer").map_err(DbError::from)?;
            let oid = number.parse().map(Oid).map_err(|_| DbError::Unexpected { reason: number })?;
            tables.insert(oid, serde_json::from_str(&answer)?);
        }
        let referenced = tables.values().flat_map(|it| &it.keys).map(|it| it.referenced);
        wanted.extend(referenced.filter(|it| !tables.contains_key(it) && !asked.contains(it)));
    }
    Ok(tables)
}

impl Table {
    pub(super) fn column(&self, number: i32) -> Option<&Column> {
        self.columns.iter().find(|it| it.number == number)
    }
}
