//! Loads SQL files into an empty database, in whatever order they need.

mod circle;
mod error;
mod piece;

use std::collections::BTreeSet;

use palisade_db::{Connection, DbError, SqlFailure, SqlText, batch};
use palisade_sql::{SqlState, quote_ident};

use crate::directory::SqlFile;
pub use error::LoadError;
pub(crate) use error::extension_help;
use piece::{Piece, pieces};

/// What is done about roles that files name and the server does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissingRoles {
    /// They are made: on a server that nobody else uses it does no harm, and they are on every server that matters.
    Make,
    /// They are an error: the server is somebody's.
    Refuse,
}

/// What a failed statement said, by its number.
pub(crate) struct Waiting<'a> {
    pub(crate) piece: Piece<'a>,
    pub(crate) error: DbError,
}

/// Loads all files: first as they are, in one message; if that fails, statement by statement, and those that miss something
/// wait until it is there. Bodies of functions are not looked into, because they may name what comes later. Settings of one
/// file do not reach the next.
///
/// # Errors
///
/// [`LoadError`], with the place of the statement that could not be run; the database holds a part then.
pub async fn load(connection: &mut Connection, files: &[SqlFile], roles: MissingRoles) -> Result<(), LoadError> {
    let pieces = pieces(files)?;
    let reset = format!("{}set check_function_bodies = off;\n", connection.reset_sql());
    // Without BEGIN the server makes one transaction of one message: if it fails, nothing of it is there.
    let whole: Vec<String> = files.iter().map(|it| format!("{reset}{}\n;\n", it.sql)).collect();
    let done = match batch(connection, &whole.concat()).await {
        Ok(_) => Ok(()),
        Err(failure) if failure.error.ends_connection() => Err(LoadError::Connection(failure.error)),
        Err(failure) => {
            tracing::debug!(error = %failure.error, "loading statement by statement");
            one_by_one(connection, pieces, &reset, roles).await
        }
    };
    if done.is_ok() {
        batch(connection, &connection.reset_sql()).await.map_err(|it| LoadError::Connection(it.error))?;
    }
    done
}

async fn one_by_one(
    connection: &mut Connection,
    pieces: Vec<Piece<'_>>,
    reset: &str,
    roles: MissingRoles,
) -> Result<(), LoadError> {
    let mut next = pieces;
    let mut patient = true;
    while !next.is_empty() {
        let Round { waiting, held, ran } = round(connection, next, reset, patient).await?;
        if ran || (roles == MissingRoles::Make && make_roles(connection, &waiting).await?) {
            patient = true;
        } else if patient && !held.is_empty() {
            // What is missing may come behind what was held back.
            patient = false;
        } else {
            return Err(circle::explain(waiting));
        }
        next = waiting.into_iter().map(|it| it.piece).chain(held).collect();
    }
    Ok(())
}

/// What one walk through the statements leaves.
struct Round<'a> {
    waiting: Vec<Waiting<'a>>,
    /// Those behind a statement that changes what others do, which must not overtake any that stands before it.
    held: Vec<Piece<'a>>,
    /// Whether any statement ran.
    ran: bool,
}

async fn round<'a>(
    connection: &mut Connection,
    pieces: Vec<Piece<'a>>,
    reset: &str,
    patient: bool,
) -> Result<Round<'a>, LoadError> {
    let mut round = Round { waiting: Vec::new(), held: Vec::new(), ran: false };
    let mut pieces = pieces.into_iter();
    for piece in pieces.by_ref() {
        if patient && !round.waiting.is_empty() && piece.changes_what_follows() {
            round.held.push(piece);
            break;
        }
        match run(connection, &piece, reset).await {
            Ok(()) => round.ran = true,
            Err(error) if may_come(&error) => round.waiting.push(Waiting { piece, error }),
            Err(error) => return Err(failed(&piece, error)),
        }
    }
    round.held.extend(pieces);
    Ok(round)
}

/// Makes the roles that are missing, and says whether there were any. Files of a schema name roles that somebody has made on
/// the server long ago; what they may do there does not matter here.
async fn make_roles(connection: &mut Connection, waiting: &[Waiting<'_>]) -> Result<bool, LoadError> {
    let missing: BTreeSet<&str> = waiting.iter().filter_map(|it| missing_role(&it.error)).collect();
    for role in &missing {
        tracing::info!(role, "making a role that files name");
        match batch(connection, &format!("create role {}", quote_ident(role))).await {
            Err(failure) if !is_there(&failure.error) => return Err(LoadError::Connection(failure.error)),
            _ => {}
        }
    }
    Ok(!missing.is_empty())
}

fn missing_role(error: &DbError) -> Option<&str> {
    error.server()?.message.strip_prefix("role \"")?.strip_suffix("\" does not exist")
}

/// Each in a transaction of its own: a new value of an enum can be used once it is committed.
async fn run(connection: &mut Connection, piece: &Piece<'_>, reset: &str) -> Result<(), DbError> {
    let mut before = format!("begin;\n{reset}");
    for setting in &piece.settings {
        before.push_str(setting);
        before.push_str(";\n");
    }
    let offset = before.chars().count();
    match batch(connection, &format!("{before}{}\n;\ncommit", piece.statement.text)).await {
        Ok(_) => Ok(()),
        Err(failure) if failure.error.ends_connection() => Err(failure.error),
        Err(failure) => {
            batch(connection, "rollback").await.map_err(|it| it.error)?;
            if piece.makes_role() && is_there(&failure.error) {
                // Roles outlive databases: an earlier run has made it.
                return Ok(());
            }
            Err(from_start_of(failure.error, offset))
        }
    }
}

/// The same error, its position counted from the start of the statement.
fn from_start_of(error: DbError, offset: usize) -> DbError {
    match error {
        DbError::Server(mut server) => {
            server.position = server.position.and_then(|it| it.checked_sub(offset));
            DbError::Server(server)
        }
        other => other,
    }
}

fn is_there(error: &DbError) -> bool {
    matches!(error.sqlstate(), Some(SqlState::DUPLICATE_OBJECT | SqlState::UNIQUE_VIOLATION))
}

/// Whether the statement may succeed once others have run: something is missing, or not yet what it must be.
fn may_come(error: &DbError) -> bool {
    let Some(state) = error.sqlstate() else { return false };
    let never = [
        SqlState::SYNTAX_ERROR,
        SqlState::DUPLICATE_OBJECT,
        SqlState::DUPLICATE_TABLE,
        SqlState::DUPLICATE_FUNCTION,
        SqlState::DUPLICATE_COLUMN,
        SqlState::DUPLICATE_SCHEMA,
        SqlState::INSUFFICIENT_PRIVILEGE,
    ];
    // 3F: no such schema. 42: no such table, type, function, column; no unique constraint to refer to. 55: a prerequisite.
    ["3F", "42", "55"].contains(&state.class()) && !never.contains(&state)
}

/// The error at its place in the file.
pub(crate) fn failed(piece: &Piece<'_>, error: DbError) -> LoadError {
    if error.ends_connection() {
        return LoadError::Connection(error);
    }
    if error.sqlstate() == Some(SqlState::ACTIVE_SQL_TRANSACTION) {
        return piece.refused(piece::OUTSIDE_TRANSACTIONS);
    }
    let extension = missing_extension(&error);
    let failure = Box::new(placed(piece, error));
    match extension {
        Some(name) => LoadError::Extension { name, failure },
        None => LoadError::Statement { failure },
    }
}

pub(crate) fn placed(piece: &Piece<'_>, error: DbError) -> SqlFailure {
    let SqlFile { file, sql } = piece.file;
    let start = sql[..piece.statement.start].chars().count();
    let moved = match error {
        DbError::Server(mut server) => {
            server.position = server.position.map(|it| it + start);
            DbError::Server(server)
        }
        other => other,
    };
    SqlFailure::new(SqlText { file, text: sql }, moved, 0, Some(piece.statement.start))
}

/// The extension that the server does not have, if that is what is wrong.
pub(crate) fn missing_extension(error: &DbError) -> Option<String> {
    let message = &error.server()?.message;
    let name = message.strip_prefix("extension \"")?.strip_suffix("\" is not available")?;
    Some(name.to_owned())
}
