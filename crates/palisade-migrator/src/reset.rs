//! Emptying a database that nothing protects.

use palisade_db::{DbError, Session, batch};
use palisade_plan::UnprotectedTarget;

use crate::history::HistoryTables;
use crate::journal::literal;

/// Drops everything in the managed schemas and the history, in one transaction: either all of it is gone or nothing.
///
/// `public` itself stays, with its grants and default privileges, and so do members of extensions. What depends on dropped
/// objects from outside, such as a trigger on `auth.users`, goes with them.
///
/// # Errors
///
/// [`DbError`]; nothing is dropped then.
pub async fn reset(
    session: &mut Session,
    _target: &UnprotectedTarget,
    schemas: &[String],
    tables: &HistoryTables,
) -> Result<(), DbError> {
    let mut names: Vec<&str> = schemas.iter().map(String::as_str).collect();
    names.extend([tables.migrations.schema.as_str(), tables.attempts.schema.as_str()]);
    let names: Vec<String> = names.into_iter().map(literal).collect();
    let sql = include_str!("reset.sql").replace("$names", &names.join(", "));
    let reset = session.connection().reset_sql();
    let sql = format!("{reset}begin;\n{sql};\ncommit");
    match batch(session.connection(), &sql).await {
        Ok(_) => Ok(()),
        Err(failed) => {
            let _ = batch(session.connection(), "rollback").await;
            Err(failed.error)
        }
    }
}
