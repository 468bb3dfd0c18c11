//! Emptying a database that nothing protects.

use std::fmt::Write as _;

use palisade_db::{DbError, Session, batch};
use palisade_plan::UnprotectedTarget;
use palisade_sql::Ident;

use crate::history::HistoryTables;
use crate::journal::literal;
use crate::template::fill;

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
    let is_managed = |it: &Ident| schemas.iter().any(|schema| schema == it.as_str());
    let names: Vec<String> = schemas.iter().map(|it| literal(it)).collect();
    let mut sql = format!("{};\n", fill(include_str!("reset.sql"), &[("names", &names.join(", "))]));
    for table in [&tables.attempts, &tables.migrations] {
        if !is_managed(&table.schema) {
            // The schema of the history may hold what is somebody else's; then it stays.
            let drop = format!(
                "begin drop schema if exists {}; exception when dependent_objects_still_exist then null; end",
                table.schema
            );
            let _ = writeln!(sql, "drop table if exists {table} cascade;\ndo {};", literal(&drop));
        }
    }
    let reset = session.connection().reset_sql();
    let sql = format!("{reset}begin;\n{sql}commit");
    match batch(session.connection(), &sql).await {
        Ok(_) => Ok(()),
        Err(failed) => {
            let _ = batch(session.connection(), "rollback").await;
            Err(failed.error)
        }
    }
}
