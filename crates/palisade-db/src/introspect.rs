//! Reading the catalog of a database.

use palisade_catalog::{Catalog, ObjectKey, ObjectKind};
use palisade_sql::Literal;
use sqlx::Row;

use crate::connection::Connection;
use crate::error::DbError;
use crate::execute::batch;

/// Reads everything in `schemas`, in one round trip and one snapshot.
///
/// # Errors
///
/// [`DbError`] if the server could not be asked; never an empty catalog instead.
pub async fn catalog(connection: &mut Connection, schemas: &[String]) -> Result<Catalog, DbError> {
    let sql = format!(
        "begin isolation level repeatable read read only;\nset local search_path = '';\n{};\ncommit",
        objects_sql(schemas)?
    );
    read(connection, &sql).await
}

/// Reads the same inside the transaction that is open, which keeps an empty `search_path` until its next `RESET`.
///
/// # Errors
///
/// As [`catalog`].
pub async fn catalog_within(connection: &mut Connection, schemas: &[String]) -> Result<Catalog, DbError> {
    let sql = format!("set local search_path = '';\n{}", objects_sql(schemas)?);
    read(connection, &sql).await
}

fn objects_sql(schemas: &[String]) -> Result<String, DbError> {
    let names: Result<Vec<String>, DbError> = schemas
        .iter()
        .map(|it| match Literal::new(it.as_str()) {
            Ok(literal) => Ok(literal.to_string()),
            Err(error) => Err(DbError::Unexpected { reason: format!("schema name `{}`: {error}", it.escape_debug()) }),
        })
        .collect();
    let names = names?.join(", ");
    let filter = if names.is_empty() { "false".to_owned() } else { format!("n.nspname in ({names})") };
    Ok(include_str!("introspect/catalog.sql").replace("$filter", &filter))
}

async fn read(connection: &mut Connection, sql: &str) -> Result<Catalog, DbError> {
    let done = batch(connection, sql).await.map_err(|it| it.error)?;
    let mut catalog = Catalog::default();
    for row in &done.rows {
        let kind: String = row.try_get("kind")?;
        let kind = kind_named(&kind)?;
        catalog.objects.insert(ObjectKey { kind, name: row.try_get("name")? }, row.try_get("definition")?);
    }
    Ok(catalog)
}

fn kind_named(name: &str) -> Result<ObjectKind, DbError> {
    Ok(match name {
        "schema" => ObjectKind::Schema,
        "extension" => ObjectKind::Extension,
        "type" => ObjectKind::Type,
        "sequence" => ObjectKind::Sequence,
        "table" => ObjectKind::Table,
        "column" => ObjectKind::Column,
        "constraint" => ObjectKind::Constraint,
        "index" => ObjectKind::Index,
        "view" => ObjectKind::View,
        "function" => ObjectKind::Function,
        "trigger" => ObjectKind::Trigger,
        "rule" => ObjectKind::Rule,
        "row-security" => ObjectKind::RowSecurity,
        "policy" => ObjectKind::Policy,
        "grant" => ObjectKind::Grant,
        "comment" => ObjectKind::Comment,
        other => return Err(DbError::Unexpected { reason: format!("object kind `{other}`") }),
    })
}
