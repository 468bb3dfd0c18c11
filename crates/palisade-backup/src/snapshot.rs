//! The state of the database that a backup shows.

use palisade_config::HistoryTable;
use palisade_db::{Connection, DbError, Row, batch};
use palisade_sql::{Literal, QualifiedName};

use crate::manifest::AppliedMigration;

/// A state that `pg_dump` can be pointed to, as long as the transaction that exported it lasts.
#[derive(Debug)]
pub(crate) struct Snapshot {
    pub(crate) id: String,
    pub(crate) database_bytes: u64,
    pub(crate) migrations: Option<Vec<AppliedMigration>>,
}

/// Begins a transaction that stays open, and reads what goes into the manifest.
pub(crate) async fn export(connection: &mut Connection, history: &HistoryTable) -> Result<Snapshot, DbError> {
    let unexpected = |reason: &str| DbError::Unexpected { reason: reason.to_owned() };
    let name = QualifiedName::new(&history.schema, &history.name).map_err(|it| unexpected(&it.to_string()))?;
    let quoted = Literal::new(name.to_string()).map_err(|it| unexpected(&it.to_string()))?;
    // The transaction is idle while `pg_dump` works; the setting of 17 would end it however it is used.
    let unlimited = if connection.server_version().major() >= 17 { "set local transaction_timeout = 0;" } else { "" };
    let sql = format!(
        "begin isolation level repeatable read read only;
         set local idle_in_transaction_session_timeout = 0; set local statement_timeout = 0; {unlimited}
         select pg_catalog.pg_export_snapshot() as id,
           pg_catalog.pg_database_size(pg_catalog.current_database())::text as bytes,
           (pg_catalog.to_regclass({quoted}) is not null)::text as has_history"
    );
    let rows = batch(connection, &sql).await.map_err(|it| it.error)?.rows;
    let row = rows.last().ok_or_else(|| unexpected("no answer about the snapshot"))?;
    let text = |column: &str| row.try_get::<String, _>(column);
    let mut snapshot = Snapshot {
        id: text("id")?,
        database_bytes: text("bytes")?.parse().map_err(|_| unexpected("the size is not a number"))?,
        migrations: None,
    };
    if text("has_history")? == "true" {
        snapshot.migrations = Some(migrations(connection, &name).await?);
    }
    Ok(snapshot)
}

async fn migrations(connection: &mut Connection, history: &QualifiedName) -> Result<Vec<AppliedMigration>, DbError> {
    let sql = format!(
        "select version::text as version, pg_catalog.encode(checksum, 'hex') as checksum
         from {history} where success order by version"
    );
    let rows = batch(connection, &sql).await.map_err(|it| it.error)?.rows;
    let migration = |row: &palisade_db::PgRow| -> Result<AppliedMigration, sqlx::Error> {
        let version: String = row.try_get("version")?;
        Ok(AppliedMigration { version: version.parse().unwrap_or_default(), checksum: row.try_get("checksum")? })
    };
    rows.iter().map(|row| migration(row).map_err(DbError::from)).collect()
}
