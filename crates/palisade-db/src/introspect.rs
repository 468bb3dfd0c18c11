//! Reading the catalog of a database.
//!
//! Two round trips in one snapshot: the first asks what the server is and what its extensions have brought, the second reads
//! everything else. Every class of objects is a query of its own in `introspect/`; each returns rows of the same form, which
//! `Draft` puts together.

mod draft;
mod query;

use std::sync::mpsc::Receiver;

use palisade_catalog::{Catalog, ObjectKey, ObjectKind};
use sqlx::Row;
use sqlx::postgres::PgRow;

use crate::connection::Connection;
use crate::error::DbError;
use crate::execute::{batch, batch_with};
use draft::Draft;
use query::{Facts, Roles};

/// Reads everything that users have made in a database, in two round trips and one snapshot. Schemas and objects of the system,
/// temporary ones and members of extensions are left out.
///
/// # Errors
///
/// [`DbError`] if the server could not be asked; never an empty catalog instead.
pub async fn everything(connection: &mut Connection) -> Result<Catalog, DbError> {
    alone(connection, Roles::Left).await
}

/// Reads the same, and the roles of the server with their memberships, but for those that every server has. Passwords are not read.
///
/// # Errors
///
/// As [`everything`].
pub async fn with_roles(connection: &mut Connection) -> Result<Catalog, DbError> {
    alone(connection, Roles::Read).await
}

/// Reads the same as [`everything`], and asks something else in the same snapshot and the same two round trips: one statement,
/// without a semicolon, under an empty `search_path`. Its rows come with the catalog.
///
/// # Errors
///
/// As [`everything`].
pub async fn everything_and(connection: &mut Connection, question: &str) -> Result<(Catalog, Vec<PgRow>), DbError> {
    in_snapshot(connection, question, Roles::Left).await
}

/// Reads the same as [`everything`] inside the transaction that is open, which keeps an empty `search_path` until its next
/// `RESET`.
///
/// # Errors
///
/// As [`everything`].
pub async fn everything_within(connection: &mut Connection) -> Result<Catalog, DbError> {
    Ok(read(connection, "", "", "", Roles::Left).await?.0)
}

/// In a transaction of its own.
async fn alone(connection: &mut Connection, roles: Roles) -> Result<Catalog, DbError> {
    Ok(in_snapshot(connection, "", roles).await?.0)
}

async fn in_snapshot(
    connection: &mut Connection,
    question: &str,
    roles: Roles,
) -> Result<(Catalog, Vec<PgRow>), DbError> {
    let begin = "begin isolation level repeatable read read only;\n";
    match read(connection, begin, question, ";\ncommit", roles).await {
        Ok(read) => Ok(read),
        Err(error) => {
            // The transaction is over either way; if this fails too, the first error says why.
            let _ = batch(connection, "rollback").await;
            Err(error)
        }
    }
}

/// Reads the schemas named `schemas` and what is in them, in two round trips and one snapshot.
///
/// # Errors
///
/// As [`everything`].
pub async fn catalog(connection: &mut Connection, schemas: &[String]) -> Result<Catalog, DbError> {
    Ok(within(everything(connection).await?, schemas))
}

/// Reads the same inside the transaction that is open, which keeps an empty `search_path` until its next `RESET`.
///
/// # Errors
///
/// As [`everything`].
pub async fn catalog_within(connection: &mut Connection, schemas: &[String]) -> Result<Catalog, DbError> {
    Ok(within(everything_within(connection).await?, schemas))
}

/// What of `catalog` belongs to `schemas`: they themselves, what is in them, and extensions that were created in them.
pub fn within(catalog: Catalog, schemas: &[String]) -> Catalog {
    let is_managed = |name: &str| schemas.iter().any(|it| it == name);
    catalog.only(|key, object| match (&object.definition, key.schema()) {
        (palisade_catalog::Definition::Extension { schema, .. }, _) => is_managed(schema),
        (_, Some(schema)) => is_managed(schema),
        (_, None) => key.kind == ObjectKind::DefaultPrivileges && is_managed(key.part(1)),
    })
}

/// The texts of all queries: what is read can only change when one of them does.
pub fn queries() -> impl Iterator<Item = &'static str> {
    query::texts().chain([include_str!("introspect/facts.sql")])
}

async fn read(
    connection: &mut Connection,
    begin: &str,
    question: &str,
    end: &str,
    roles: Roles,
) -> Result<(Catalog, Vec<PgRow>), DbError> {
    let facts = include_str!("introspect/facts.sql");
    let first = format!("{begin}set local search_path = '';\nset local jit = off;\n{facts};\n{question}");
    let mut answers = batch(connection, &first).await.map_err(|it| it.error)?.rows.into_iter();
    let row = answers.next().ok_or_else(|| unexpected("no answer about the server"))?;
    let text = |name: &str| row.try_get_unchecked::<String, _>(name);
    let facts =
        Facts::read(&text("version")?, text("user")?, &text("owner_privileges")?, &text("members")?, &text("casts")?)?;
    let sql = format!("{}{end}", query::objects(&facts, roles));
    let (heap, heaps) = std::sync::mpsc::channel();
    let drafting = tokio::task::spawn_blocking(move || draft(facts, &heaps));
    let mut rows = Vec::new();
    let done = batch_with(connection, &sql, |row| {
        rows.push(row);
        if rows.len() == HEAP {
            // Where nobody takes it any more, the drafting has failed, and says so below.
            let _ = heap.send(std::mem::take(&mut rows));
        }
    })
    .await;
    let _ = heap.send(rows);
    drop(heap);
    let drafted = drafting.await.map_err(|error| unexpected(format!("the catalog could not be read: {error}")))?;
    done.map_err(|it| it.error)?;
    Ok((drafted?, answers.collect()))
}

/// Rows that are handed over at once.
const HEAP: usize = 500;

/// On a thread of its own: two databases that are compared are read at the same time, and the server goes on meanwhile.
fn draft(facts: Facts, heaps: &Receiver<Vec<PgRow>>) -> Result<Catalog, DbError> {
    let mut draft = Draft::new(&facts);
    for row in heaps.iter().flatten() {
        draft.add(&row)?;
    }
    Ok(draft.finish(facts.server))
}

fn unexpected(reason: impl Into<String>) -> DbError {
    DbError::Unexpected { reason: reason.into() }
}

/// The schema object of a name.
fn schema_key(name: &str) -> ObjectKey {
    ObjectKey::new(ObjectKind::Schema, [name])
}
