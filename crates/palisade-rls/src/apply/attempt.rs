//! The one message of a try.

use std::time::Duration;

use palisade_db::{DbError, SqlFailure, SqlText, lock_within_sql};
use palisade_sql::{LexError, QualifiedName, quote_ident, quote_literal, split};

use super::Work;
use crate::apply_error::ApplyError;
use crate::probe::probe_sql;
use crate::state::digest_sql;

/// The SQLSTATE with which the message says that access is not what it was.
pub(super) const CHANGED: &str = "PA001";

/// Where in the message something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// The lock of the table with this number.
    Lock(usize),
    /// That access is what the plan has seen.
    Assertion,
    /// The statement with this number.
    Statement(usize),
    /// What personas would be told.
    Probe,
    /// Anything else.
    Ours,
}

/// A message for the server.
#[derive(Debug, Default)]
pub(super) struct Attempt {
    /// The SQL.
    pub(super) sql: String,
    /// Of each command.
    places: Vec<Place>,
    /// Of each statement: its text, and where it begins in the message, in characters.
    statements: Vec<(String, usize)>,
}

impl Attempt {
    /// `reset` puts the session into a known state, `begin` opens the transaction or goes on in one.
    pub(super) fn compose(
        work: &Work<'_>,
        reset: &str,
        begin: &str,
        lock_timeout: Duration,
    ) -> Result<Self, ApplyError> {
        let Work { planned, seen, record, personas, expected: _ } = work;
        let mut tables = Vec::new();
        for (schema, name) in &planned.touched {
            tables.push(QualifiedName::new(schema, name).map_err(|it| unexpected(it.to_string()))?);
        }
        let mut it = Self::default();
        it.add(Place::Ours, reset)?;
        it.add(Place::Ours, begin)?;
        let lock_timeout = lock_timeout.as_millis().max(1);
        it.add(
            Place::Ours,
            &format!(
                "set local lock_timeout = {lock_timeout};\nset local search_path = '';\n\
                 set local check_function_bodies = off;\n{}",
                lock_within_sql()
            ),
        )?;
        for (number, table) in planned.tables.iter().enumerate() {
            // Supabase lets users put policies on tables that they may not lock: those are locked by the first statement.
            let body = format!(
                "begin lock table only {} in access exclusive mode; exception when insufficient_privilege then null; end",
                qualified(table)
            );
            it.add(Place::Lock(number), &format!("do {};\n", quote_literal(&body)))?;
        }
        it.add(Place::Assertion, &assertion(&seen.state))?;
        for (number, statement) in planned.statements.iter().enumerate() {
            it.statements.push((statement.clone(), it.sql.chars().count()));
            it.add(Place::Statement(number), &format!("{statement};\n"))?;
        }
        it.add(Place::Probe, &probe_sql(personas, &tables)?)?;
        it.add(Place::Ours, record)?;
        it.add(Place::Ours, "commit;\n")?;
        Ok(it)
    }

    fn add(&mut self, place: Place, sql: &str) -> Result<(), ApplyError> {
        let commands = split(sql).map_err(|it: LexError| unexpected(it.to_string()))?.len();
        self.places.extend(std::iter::repeat_n(place, commands));
        self.sql.push_str(sql);
        Ok(())
    }

    /// What was under way when `commands` commands had been completed.
    pub(super) fn place(&self, commands: usize) -> Place {
        self.places.get(commands).copied().unwrap_or(Place::Ours)
    }

    /// An error in the statement with this number.
    pub(super) fn failure(&self, number: usize, error: DbError) -> SqlFailure {
        let (text, begin) = self.statements.get(number).map_or(("", 0), |(text, begin)| (text.as_str(), *begin));
        SqlFailure::new(SqlText { file: "row security", text }, error, begin, Some(0))
    }
}

/// Quoted where it must be, as statements and people have it.
pub(super) fn qualified((schema, name): &(String, String)) -> String {
    format!("{}.{}", quote_ident(schema), quote_ident(name))
}

fn assertion(state: &str) -> String {
    let body = format!(
        "begin if {} is distinct from {} then raise exception using errcode = {}, \
         message = 'access is not what the plan has seen'; end if; end",
        digest_sql(),
        quote_literal(state),
        quote_literal(CHANGED)
    );
    format!("do {};\n", quote_literal(&body))
}

fn unexpected(reason: String) -> ApplyError {
    DbError::Unexpected { reason }.into()
}
