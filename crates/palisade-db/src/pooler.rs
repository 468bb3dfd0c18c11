//! What lies between us and the server, found out by asking.
//!
//! A migration needs one session from its first statement to its last: the advisory lock and settings live in it. A
//! pooler in [transaction mode](https://www.pgbouncer.org/features.html) gives every transaction another server process,
//! so both would silently be lost. Ports say nothing: Supabase serves 6543 in transaction mode and 5432 in session mode,
//! others do it the other way round.
//!
//! Two questions settle it. Every connection is opened with a marker among its start-up options; a server process that
//! was started for this very connection has it, one that a pooler started has not. Then a second connection is opened
//! beside the first: if both are ever served by the same process, or one by two, processes are shared.

use std::collections::BTreeSet;
use std::fmt;

use rand::distr::{Alphanumeric, SampleString};
use sqlx::Row;
use sqlx::postgres::PgConnection;

use crate::connect::{self, ConnectSettings};
use crate::error::DbError;
use crate::execute::collect;

/// The setting that holds the marker; the server takes any name with a dot.
pub(crate) const MARKER_SETTING: &str = "palisade.marker";

/// How often both connections are asked which process serves them. A pooler in transaction mode hands its most recently
/// used process to whoever asks next, so that the first round already tells unless others are busy on it.
const ROUNDS: usize = 4;

/// What lies between us and the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pooling {
    /// Nothing: the server process was started for this connection.
    None,
    /// A pooler that gives a connection one server process for its whole life.
    Session,
    /// A pooler that gives every transaction another server process.
    Transaction,
}

impl fmt::Display for Pooling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "direct connection",
            Self::Session => "pooler in session mode",
            Self::Transaction => "pooler in transaction mode",
        })
    }
}

/// A text that no other connection has.
pub(crate) fn marker() -> String {
    Alphanumeric.sample_string(&mut rand::rng(), 24)
}

/// Whether a connection failed because of the marker: `PgBouncer` refuses start-up parameters that it does not know.
pub(crate) fn refuses_options(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|it| {
        let refused = it.code().is_some_and(|code| code == "08P01");
        refused && it.message().contains("startup parameter")
    })
}

/// Session or transaction mode: opens a second connection for a moment.
pub(crate) async fn ask(first: &mut PgConnection, settings: &ConnectSettings) -> Result<Pooling, DbError> {
    let mut second = connect::open(settings, None).await?;
    let (mut of_first, mut of_second) = (BTreeSet::new(), BTreeSet::new());
    for _ in 0..ROUNDS {
        of_first.insert(backend_pid(first).await?);
        of_second.insert(backend_pid(&mut second).await?);
        if of_first.len() > 1 || of_second.len() > 1 || !of_first.is_disjoint(&of_second) {
            return Ok(Pooling::Transaction);
        }
    }
    Ok(Pooling::Session)
}

async fn backend_pid(raw: &mut PgConnection) -> Result<String, DbError> {
    let rows = collect(raw, "select pg_catalog.pg_backend_pid()::pg_catalog.text as pid").await?;
    let row = rows.first().ok_or_else(|| DbError::Unexpected { reason: "no process id".to_owned() })?;
    Ok(row.try_get("pid")?)
}
