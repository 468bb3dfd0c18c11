//! Two databases change their names.

use std::time::Duration;

use palisade_db::{ConnectError, ConnectSettings, Connection, DbError, Row, batch, connect};
use palisade_sql::{Ident, Literal, SqlState};

use super::run;
use crate::restore_error::RestoreError;

/// Databases from which others can be made and renamed.
const MAINTENANCE: [&str; 2] = ["postgres", "template1"];
/// How often we look again whether sessions are gone, or end those that come back at once.
const TRIES: u32 = 10;
const PAUSE: Duration = Duration::from_millis(50);

/// A connection to another database of the same server.
pub(super) async fn maintenance(settings: &ConnectSettings) -> Result<Connection, ConnectError> {
    let others = MAINTENANCE.into_iter().filter(|it| *it != settings.url.database);
    let mut result = None;
    for other in others {
        let settings = ConnectSettings { url: settings.url.with_database(other), ..settings.clone() };
        match connect(&settings).await {
            Ok(connection) => return Ok(connection),
            // What the first one says is what people know.
            Err(error) => result = result.or(Some(error)),
        }
    }
    match result {
        Some(error) => Err(error),
        None => connect(settings).await,
    }
}

/// Who is connected keeps a database from being renamed.
pub(super) async fn refuse_sessions(connection: &mut Connection, name: &str) -> Result<(), RestoreError> {
    let mut found = Vec::new();
    // One that has said good-bye, ours among them, is there for a moment longer.
    for _ in 0..TRIES {
        found = sessions(connection, name).await?;
        if found.is_empty() {
            return Ok(());
        }
        tokio::time::sleep(PAUSE).await;
    }
    Err(RestoreError::InUse { database: name.to_owned(), sessions: found })
}

/// Everybody who is connected, as people read it. The server ends its own vacuuming where it is in the way.
async fn sessions(connection: &mut Connection, name: &str) -> Result<Vec<String>, DbError> {
    let sql = format!(
        "select pg_catalog.concat(
           pid, ' (', usename, case when application_name <> '' then ', `' || application_name || '`' end, ')')
         from pg_catalog.pg_stat_activity where datname = {} and backend_type <> 'autovacuum worker' order by pid",
        literal(name)?
    );
    let rows = batch(connection, &sql).await.map_err(|it| it.error)?.rows;
    rows.iter().map(|it| it.try_get(0).map_err(DbError::from)).collect()
}

/// Renames both in one transaction: there is no moment without a database of that name, and none in which only one was renamed.
pub(super) async fn swap(
    connection: &mut Connection,
    name: &str,
    new: &Ident,
    before: &Ident,
    terminate: bool,
) -> Result<(), RestoreError> {
    let fail = |reason| RestoreError::NotSwapped { database: name.to_owned(), reason };
    let old = Ident::new(name).map_err(|it| fail(DbError::Unexpected { reason: it.to_string() }))?;
    let sql = format!("begin; alter database {old} rename to {before}; alter database {new} rename to {old}; commit");
    let mut tries = 0;
    loop {
        if terminate {
            let end = format!(
                "select pg_catalog.pg_terminate_backend(pid, 5000) from pg_catalog.pg_stat_activity where datname = {}",
                literal(name).map_err(fail)?
            );
            run(connection, &end).await.map_err(fail)?;
        }
        let Err(error) = run(connection, &sql).await else { return Ok(()) };
        // Nothing is renamed; a connection that is lost has no transaction either.
        let _ = run(connection, "rollback").await;
        if error.sqlstate() != SqlState::parse("55006") {
            return Err(fail(error));
        }
        tries += 1;
        if !terminate || tries == TRIES {
            refuse_sessions(connection, name).await?;
            return Err(fail(error));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

fn literal(value: &str) -> Result<Literal, DbError> {
    Literal::new(value).map_err(|it| DbError::Unexpected { reason: it.to_string() })
}
