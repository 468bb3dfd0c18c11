//! What a target says about access.

use palisade_catalog::Catalog;
use palisade_db::{Batch, BatchError, Connection, DbError, Row, batch, introspect};
use palisade_sql::SqlState;

use crate::record::is_current_sql;
use crate::script::PolicyScript;
use crate::state::digest_sql;

/// What was read in one snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Everything that users have made.
    pub catalog: Catalog,
    /// SHA-256 of all of it that decides over access, as the server computes it.
    pub state: String,
}

/// Reads what decides over access, in two round trips and one snapshot. Takes no locks but those of reading.
///
/// # Errors
///
/// [`DbError`] if the server could not be asked.
pub async fn read_access(connection: &mut Connection) -> Result<Seen, DbError> {
    let question = format!("select {} as state", digest_sql());
    let (catalog, rows) = introspect::everything_and(connection, &question).await?;
    let row = rows.first().ok_or_else(|| DbError::Unexpected { reason: "no answer about access".to_owned() })?;
    Ok(Seen { catalog, state: row.try_get("state")? })
}

/// Whether `script` was the last one that counted here and nothing that it decides has changed since. Writes nothing, and
/// takes no locks but those of reading; one round trip.
///
/// # Errors
///
/// [`DbError`] if the database could not be asked.
pub async fn is_current(connection: &mut Connection, script: &PolicyScript) -> Result<bool, DbError> {
    let sql = is_current_sql(script.digest()).map_err(|it| DbError::Unexpected { reason: it.to_string() })?;
    match batch(connection, &sql).await {
        Ok(Batch { rows, .. }) => match rows.first() {
            Some(row) => Ok(row.try_get("current")?),
            None => Ok(false),
        },
        Err(BatchError { error, .. }) => {
            if error.ends_connection() {
                return Err(error);
            }
            batch(connection, "rollback").await.map_err(|it| it.error)?;
            let never_ran = [SqlState::UNDEFINED_TABLE, SqlState::parse("3F000").unwrap_or(SqlState::UNDEFINED_TABLE)];
            if error.sqlstate().is_some_and(|it| never_ran.contains(&it)) { Ok(false) } else { Err(error) }
        }
    }
}
