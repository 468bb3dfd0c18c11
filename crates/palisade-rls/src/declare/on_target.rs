//! The same, read on the target itself, where no throwaway server can be had.
//!
//! The files run in a transaction that is rolled back, and never touch a table: each one whose policies or flags they speak of, and
//! each view whose options they change, has a stand-in with the same name and columns in a schema that is gone with the
//! transaction. Statements about policies and flags are sent with the name of the stand-in; what they make of it is read as what
//! they make of the table. A policy reads other tables, and its own one in a sub-select, under their real names.
//!
//! What takes no lock on tables runs as it stands: rights, functions, schemas, comments. A row of the server's catalog that such a
//! statement writes is held until the end of the transaction, which only other changes of the same object wait for.

mod names;
mod stand_ins;
mod whole_row;

use std::collections::BTreeSet;

use palisade_db::{Connection, DbError, batch};
use palisade_plan::Declared;
use palisade_sql::{SqlState, Statement, TokenKind, quote_literal, split};

use super::error::DeclareError;
use super::ground::{Ground, Line};
use super::{first_run, is_about_rights, send, within};
use crate::script::{PolicyFile, PolicyScript};
use names::{Found, Place};
pub(super) use stand_ins::StandIns;

/// How often it is tried where others are in the way.
const TRIES: u32 = 5;

/// Reads what the files declare on the database that they are for, for want of a throwaway one. Nothing of it stays there, and nobody who
/// reads or writes rows waits for it.
///
/// What the files do not decide is as it is there. What cannot be told without the tables is an error: what a policy does with a whole
/// row of its own table if there are operators, casts or several functions for that, and the dropping of a function that something on the
/// target needs.
///
/// # Errors
///
/// [`DeclareError`], with the place in its file if a statement fails.
pub async fn declare_on_target(connection: &mut Connection, script: &PolicyScript) -> Result<Declared, DeclareError> {
    let found = names::find(connection, script.files()).await?;
    let (mut own, mut looked, mut tries) = (BTreeSet::new(), BTreeSet::new(), 0);
    loop {
        let ground = ground(script.files(), &found, &own)?;
        let declared = within(connection, script, &ground).await;
        // The transaction is over either way.
        let _ = batch(connection, "rollback").await;
        match declared {
            Err(DeclareError::Statement { failure }) => {
                if let Some((place, columns)) = names::own_columns(script.files(), &found, &failure)
                    && looked.insert(place)
                {
                    own.extend(own_columns(connection, script, &found, &own, place, &columns).await?);
                    continue;
                }
                tries += 1;
                if tries >= TRIES || !is_in_the_way(&failure.error) {
                    return Err(DeclareError::Statement { failure });
                }
            }
            Err(DeclareError::Database(error)) => {
                tries += 1;
                if tries >= TRIES || !is_in_the_way(&error) {
                    return Err(DeclareError::Target(error));
                }
            }
            other => return other,
        }
    }
}

/// Which columns with the schema of a policy's table are of the row that the policy is about: those that cannot be had otherwise. One
/// that a sub-select has as well is one of that, here as anywhere.
async fn own_columns(
    connection: &mut Connection,
    script: &PolicyScript,
    found: &Found,
    own: &BTreeSet<(Place, usize)>,
    place: Place,
    columns: &BTreeSet<usize>,
) -> Result<BTreeSet<(Place, usize)>, DeclareError> {
    let mut of_row = BTreeSet::new();
    for column in columns {
        // The others can be had from the stand-in in any case.
        let others = columns.iter().filter(|it| *it != column).map(|it| (place, *it));
        let ground = ground(script.files(), found, &own.iter().copied().chain(others).collect())?;
        let tried = send(connection, &first_run(&ground)?).await;
        let _ = batch(connection, "rollback").await;
        match tried {
            Err(DeclareError::Statement { failure })
                if names::own_columns(script.files(), found, &failure).is_some_and(|(it, _)| it == place) =>
            {
                of_row.insert((place, *column));
            }
            Err(DeclareError::Database(error)) => return Err(DeclareError::Target(error)),
            // What else is wrong is told by the run that follows.
            _ => {}
        }
    }
    Ok(of_row)
}

fn is_in_the_way(error: &DbError) -> bool {
    error.sqlstate().is_some_and(|it| [SqlState::LOCK_NOT_AVAILABLE, SqlState::DEADLOCK_DETECTED].contains(&it))
}

/// `own` are columns of a policy's own table that are written with their schema: those follow the table.
fn ground<'a>(
    files: &'a [PolicyFile],
    found: &Found,
    own: &BTreeSet<(Place, usize)>,
) -> Result<Ground<'a>, DeclareError> {
    let stand_ins = StandIns::new(found.values().flatten());
    let marker = format!("palisade_marker_{:016x}", rand::random::<u64>());
    let (begin_marker, end) = marking(files, &marker)?;
    let mut lines = Vec::new();
    for (file_number, file) in files.iter().enumerate() {
        let mut of_file = Vec::new();
        for (number, statement) in split(&file.sql)?.into_iter().enumerate() {
            let place = (file_number, number);
            let mut line = Line::as_it_stands(statement);
            if let Some(about) = names::about(&line.statement) {
                match found.get(&place).and_then(Option::as_ref) {
                    Some(relation) if about.fits(relation) => {
                        line.edits = names::edits(&line.statement, &about, place, own, &stand_ins.schema_of(relation));
                    }
                    found => {
                        line.guard = about.refusal(&line.statement, found);
                        line.runs = false;
                    }
                }
            } else {
                line.guard = guard_of_drop(&line.statement);
            }
            of_file.push(line);
        }
        lines.push((file, of_file));
    }
    let begin = [&stand_ins.sql(), include_str!("on_target/begin.sql"), &begin_marker].concat();
    Ok(Ground { files: lines, begin, end, marker, stand_ins })
}

/// A role that holds a right where a `REVOKE` that takes nothing from anybody would write nothing: on columns, and in default
/// privileges; only where the files may speak of them, and only if they do so.
fn marking(files: &[PolicyFile], marker: &str) -> Result<(String, String), DeclareError> {
    let (mut names, mut on_columns, mut by_default) = (BTreeSet::new(), false, false);
    for file in files {
        for statement in split(&file.sql)?.iter().filter(|it| is_about_rights(it)) {
            let defaults = statement.begins_with(&["alter", "default"]);
            let columns = statement.begins_with(&["revoke"])
                && statement.tokens.iter().take_while(|it| !it.is("on")).any(|it| it.text == "(");
            by_default |= defaults;
            on_columns |= columns;
            if defaults || columns {
                names.extend(statement.tokens.iter().filter_map(names::ident));
            }
        }
    }
    if !on_columns && !by_default {
        return Ok((String::new(), String::new()));
    }
    let names: Vec<String> = names.iter().map(|it| quote_literal(it)).collect();
    let begin = include_str!("on_target/marker.sql")
        .replace("$marker", marker)
        .replace("$names", &names.join(", "))
        .replace("$columns", if on_columns { "true" } else { "false" })
        .replace("$defaults", if by_default { "true" } else { "false" });
    Ok((begin, include_str!("on_target/unmark.sql").to_owned()))
}

/// `DROP FUNCTION` locks whatever needs the function before it says that something does.
fn guard_of_drop(statement: &Statement<'_>) -> Option<String> {
    if !statement.begins_with(&["drop", "function"]) {
        return None;
    }
    let (mut depth, mut names) = (0_usize, Vec::new());
    for (number, token) in statement.tokens.iter().enumerate().skip(2) {
        match token.kind {
            TokenKind::Symbol('(') => depth += 1,
            TokenKind::Symbol(')') => depth = depth.saturating_sub(1),
            // Whatever is no type of an argument and no schema.
            _ if depth == 0 && statement.tokens.get(number + 1).is_none_or(|it| it.kind != TokenKind::Symbol('.')) => {
                names.extend(names::ident(token).map(|it| quote_literal(&it)));
            }
            _ => {}
        }
    }
    let body = include_str!("on_target/needed.sql").replace("$names", &names.join(", "));
    Some(format!("do {}", quote_literal(&body)))
}
