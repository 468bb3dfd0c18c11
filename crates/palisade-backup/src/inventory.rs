//! What there is to back up.

use std::collections::BTreeSet;

use palisade_config::HistoryTable;
use palisade_db::{Connection, DbError, PgRow, Row, batch};
use palisade_sql::{Ident, Literal, QualifiedName};

use crate::manifest::{AppliedMigration, Exclusion, Extension, Sequence};

/// How many names stand in one statement.
const NAMES: usize = 500;

/// Schemas of Supabase whose rows are of no use elsewhere: logs of the platform, queues of its workers, what its services keep for
/// themselves. [Supabase's own dump](https://supabase.com/docs/reference/cli/supabase-db-dump) leaves them out as well.
const INTERNAL_SCHEMAS: [&str; 8] =
    ["_analytics", "_realtime", "graphql", "net", "pgbouncer", "pgsodium", "realtime", "supabase_functions"];

/// A table.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "each is one independent answer of the server")]
pub(crate) struct Table {
    pub(crate) oid: u32,
    pub(crate) name: QualifiedName,
    /// Without rows of its own: those are in its partitions.
    pub(crate) partitioned: bool,
    /// Size of its rows on the server's disk, with what of them lies elsewhere because it is large.
    pub(crate) bytes: u64,
    /// Size without that: what has pages in which rows begin.
    pub(crate) main_bytes: u64,
    /// Whether row security would keep rows from this role.
    pub(crate) filtered: bool,
    /// Whether this role may read it.
    pub(crate) readable: bool,
    /// All but generated ones.
    pub(crate) columns: Vec<String>,
    /// Whether its rows lie in pages that can be read range by range.
    pub(crate) heap: bool,
    /// For a table of an extension: which rows are to be kept, such as `WHERE not builtin`.
    pub(crate) condition: Option<String>,
}

/// Everything that the snapshot shows.
#[derive(Debug)]
pub(crate) struct Inventory {
    pub(crate) tables: Vec<Table>,
    pub(crate) database_bytes: u64,
    /// Microseconds since 1970, by the server's clock.
    pub(crate) clock: i64,
    pub(crate) lsn: Option<String>,
    pub(crate) large_objects: u64,
    pub(crate) extensions: Vec<Extension>,
    pub(crate) sequences: Vec<Sequence>,
    pub(crate) migrations: Option<Vec<AppliedMigration>>,
    pub(crate) exclusions: Vec<Exclusion>,
    /// Schemas whose rows are left out.
    pub(crate) without_rows: Vec<&'static str>,
    /// Whether sessions write bytes in hexadecimal, if nobody tells them.
    pub(crate) writes_hex: bool,
}

impl Inventory {
    /// Tables whose rows are to be read.
    pub(crate) fn with_rows(&self) -> impl Iterator<Item = &Table> {
        self.tables.iter().filter(|it| !it.partitioned && !self.without_rows.contains(&it.name.schema.as_str()))
    }
}

/// Reads which tables there are, without their sizes: to ask for the size of a table that is locked means to wait for the lock.
pub(crate) async fn tables(connection: &mut Connection) -> Result<Vec<Table>, DbError> {
    tables_with(connection, false).await
}

/// As [`tables`], with their sizes.
pub(crate) async fn tables_and_sizes(connection: &mut Connection) -> Result<Vec<Table>, DbError> {
    tables_with(connection, true).await
}

async fn tables_with(connection: &mut Connection, sizes: bool) -> Result<Vec<Table>, DbError> {
    let [size, main] = if sizes { ["pg_table_size(c.oid)", "pg_relation_size(c.oid)"] } else { ["0", "0"] };
    let tables = include_str!("inventory/tables.sql").replace("$size", size).replace("$main", main);
    let sql = format!("set search_path = pg_catalog; {tables}");
    let rows = batch(connection, &sql).await.map_err(|it| it.error)?.rows;
    rows.iter().map(table).collect()
}

fn table(row: &PgRow) -> Result<Table, DbError> {
    let text = |column: &str| row.try_get::<String, _>(column);
    let columns = text("columns")?;
    Ok(Table {
        oid: number(&text("oid")?)?,
        name: QualifiedName::new(&text("schema")?, &text("name")?).map_err(|it| unexpected(&it.to_string()))?,
        partitioned: text("kind")? == "p",
        bytes: number(&text("bytes")?)?,
        main_bytes: number(&text("main_bytes")?)?,
        filtered: text("filtered")? == "true",
        readable: text("readable")? == "true",
        columns: serde_json::from_str(&columns).map_err(|_| unexpected("columns cannot be read"))?,
        heap: text("heap")? == "true",
        condition: row.try_get::<Option<String>, _>("condition")?.filter(|it| !it.trim().is_empty()),
    })
}

/// Reads everything in the transaction that is open.
pub(crate) async fn read(connection: &mut Connection, history: &HistoryTable) -> Result<Inventory, DbError> {
    let tables = tables_and_sizes(connection).await?;
    let name = QualifiedName::new(&history.schema, &history.name).map_err(|it| unexpected(&it.to_string()))?;
    let quoted = Literal::new(name.to_string()).map_err(|it| unexpected(&it.to_string()))?;
    let sql = format!("{};\nselect (to_regclass({quoted}) is not null)::text", include_str!("inventory/facts.sql"));
    let rows = batch(connection, &sql).await.map_err(|it| it.error)?.rows;
    let [row, has_history] = rows.as_slice() else { return Err(unexpected("no answer about the database")) };
    let text = |column: &str| row.try_get::<String, _>(column);
    let json = |column: &str| text(column);
    let extensions = serde_json::from_str(&json("extensions")?).map_err(|_| unexpected("extensions cannot be read"))?;
    let names: Vec<(String, String)> =
        serde_json::from_str(&json("sequences")?).map_err(|_| unexpected("sequences cannot be read"))?;
    let supabase = text("supabase")? == "true";
    let schemas: BTreeSet<&str> = tables.iter().map(|it| it.name.schema.as_str()).collect();
    let without_rows: Vec<&'static str> =
        INTERNAL_SCHEMAS.into_iter().filter(|it| supabase && schemas.contains(it)).collect();
    let exclusion = |schema: &&str| Exclusion {
        what: format!("rows of the schema {schema}"),
        why: "Supabase keeps them for its own services".to_owned(),
    };
    let mut inventory = Inventory {
        database_bytes: number(&text("database_bytes")?)?,
        clock: number(&text("clock")?)?,
        lsn: row.try_get("lsn")?,
        large_objects: number(&text("large_objects")?)?,
        extensions,
        sequences: sequences(connection, &names).await?,
        migrations: None,
        exclusions: without_rows.iter().map(exclusion).collect(),
        without_rows,
        writes_hex: text("writes_hex")? == "true",
        tables,
    };
    if has_history.try_get::<String, _>(0)? == "true" {
        inventory.migrations = Some(migrations(connection, &name).await?);
    }
    Ok(inventory)
}

async fn migrations(connection: &mut Connection, history: &QualifiedName) -> Result<Vec<AppliedMigration>, DbError> {
    let sql = format!(
        "select version::text as version, pg_catalog.encode(checksum, 'hex') as checksum
         from {history} where success order by version"
    );
    let rows = batch(connection, &sql).await.map_err(|it| it.error)?.rows;
    let migration = |row: &PgRow| -> Result<AppliedMigration, sqlx::Error> {
        let version: String = row.try_get("version")?;
        Ok(AppliedMigration { version: version.parse().unwrap_or_default(), checksum: row.try_get("checksum")? })
    };
    rows.iter().map(|row| migration(row).map_err(DbError::from)).collect()
}

/// Where sequences stand. What they gave out is not part of any snapshot: it is as new as the snapshot, or newer.
pub(crate) async fn sequences(
    connection: &mut Connection,
    names: &[(String, String)],
) -> Result<Vec<Sequence>, DbError> {
    let mut found = Vec::with_capacity(names.len());
    for names in names.chunks(NAMES) {
        let mut selects = Vec::with_capacity(names.len());
        for (schema, name) in names {
            let quoted = QualifiedName::new(schema, name).map_err(|it| unexpected(&it.to_string()))?;
            selects.push(format!("select last_value::text, is_called::text from {quoted}"));
        }
        // One statement each: in one of many, the server would have to plan all at once.
        let rows = batch(connection, &selects.join(";")).await.map_err(|it| it.error)?.rows;
        for ((schema, name), row) in names.iter().zip(&rows) {
            found.push(Sequence {
                schema: schema.clone(),
                name: name.clone(),
                last_value: number(&row.try_get::<String, _>(0)?)?,
                is_called: row.try_get::<String, _>(1)? == "true",
            });
        }
    }
    Ok(found)
}

/// Locks tables against changes of their form, in the transaction that is open.
pub(crate) async fn lock(connection: &mut Connection, tables: &[Table]) -> Result<(), DbError> {
    for tables in tables.chunks(NAMES) {
        let names: Vec<String> = tables.iter().map(|it| it.name.to_string()).collect();
        let sql = format!("lock table only {} in access share mode", names.join(", only "));
        batch(connection, &sql).await.map_err(|it| it.error)?;
    }
    Ok(())
}

/// The columns of a table as COPY wants them: ` (a, b)`; nothing for a table without columns.
pub(crate) fn column_list(columns: &[String]) -> Result<String, DbError> {
    let quoted: Result<Vec<String>, DbError> = columns
        .iter()
        .map(|it| Ident::new(it).map(|it| it.to_string()).map_err(|it| unexpected(&it.to_string())))
        .collect();
    Ok(quoted?.join(", "))
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, DbError> {
    text.parse().map_err(|_| unexpected(&format!("`{text}` is not a number")))
}

fn unexpected(reason: &str) -> DbError {
    DbError::Unexpected { reason: reason.to_owned() }
}
