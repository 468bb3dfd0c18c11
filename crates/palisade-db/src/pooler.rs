//! What lies between us and the server, found out by asking.
//!
//! A migration needs one session from its first statement to its last: the advisory lock and settings live in it. A
//! pooler in [transaction mode](https://www.pgbouncer.org/features.html) gives every transaction another server process,
//! so both would silently be lost. Ports say nothing: Supabase serves 6543 in transaction mode and 5432 in session mode,
//! others do it the other way round.
//!
//! Two questions settle it. Every connection is opened with a marker among its start-up options; a server process that
//! was started for this very connection has it, one that a pooler started has not. Then a second connection is opened
//! beside the first: if both are ever served by the same process, or one by two, processes are shared. If there is no
//! process left for the second while the first still has its own, they are not.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use rand::distr::{Alphanumeric, SampleString};
use sqlx::Row;
use sqlx::postgres::PgConnection;

use crate::connect::{self, ConnectSettings};
use crate::error::DbError;
use crate::execute::collect;

/// The setting that holds the marker; the server takes any name with a dot.
pub(crate) const MARKER_SETTING: &str = "palisade.marker";

/// How often both connections are asked which process serves them, twice in a row each. A pooler in transaction mode hands
/// out either the process that was used last, which the other connection then has seen, or that which was used first,
/// which the same connection has not. So the first round already tells, unless others are busy on the same processes.
const ROUNDS: usize = 4;

/// How long a pooler may take to find a process. One that has none left lets us wait for minutes.
const PATIENCE: Duration = Duration::from_secs(2);

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
    let mut second = match tokio::time::timeout(settings.connect_timeout, connect::open(settings, None)).await {
        Ok(Ok(second)) => second,
        Ok(Err(error)) if says_session_mode(&error) => return Ok(Pooling::Session),
        Ok(Err(error)) => return Err(error.into()),
        Err(_) => return Err(no_process()),
    };
    let (mut of_first, mut of_second) = (BTreeSet::new(), BTreeSet::new());
    for _ in 0..ROUNDS {
        of_first.extend(twice(first).await?.ok_or_else(no_process)?);
        match twice(&mut second).await? {
            Some(processes) => of_second.extend(processes),
            // The first is served on while the second has to wait: its process is its own.
            None => of_first.extend(twice(first).await?.ok_or_else(no_process)?),
        }
        if of_first.len() > 1 || of_second.len() > 1 || !of_first.is_disjoint(&of_second) {
            return Ok(Pooling::Transaction);
        }
        if of_second.is_empty() {
            return Ok(Pooling::Session);
        }
    }
    Ok(Pooling::Session)
}

/// The processes that serve two statements in a row; none if there is none to be had.
async fn twice(raw: &mut PgConnection) -> Result<Option<[String; 2]>, DbError> {
    let both = async { Ok::<_, DbError>([backend_pid(raw).await?, backend_pid(raw).await?]) };
    match tokio::time::timeout(PATIENCE, both).await {
        Ok(Err(DbError::Server(error))) if error.message.contains("query_wait_timeout") => Ok(None),
        Ok(answer) => answer.map(Some),
        Err(_) => Ok(None),
    }
}

/// Supabase's pooler names the mode when it has no place left: "`MaxClientsInSessionMode`: max clients reached …".
fn says_session_mode(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|it| it.message().contains("MaxClientsInSessionMode"))
}

fn no_process() -> DbError {
    DbError::Unexpected { reason: "the pooler had no server process for us".to_owned() }
}

async fn backend_pid(raw: &mut PgConnection) -> Result<String, DbError> {
    let rows = collect(raw, "select pg_catalog.pg_backend_pid()::pg_catalog.text as pid").await?;
    let row = rows.first().ok_or_else(|| DbError::Unexpected { reason: "no process id".to_owned() })?;
    Ok(row.try_get("pid")?)
}
