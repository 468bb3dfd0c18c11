//! Databases that others are copied from.

use std::time::Duration;

use palisade_db::DbError;
use palisade_sql::SqlState;

use super::name::Name;
use super::{Server, text};
use crate::error::ScratchError;

/// How long somebody who builds the same template may take until we ask again.
const POLL: Duration = Duration::from_millis(20);

/// How many of `templates`, from the first on, need not be built: the place behind the last one that exists.
///
/// What is found counts as used now, which keeps it from being pruned.
pub(super) async fn built(server: &Server, templates: &[String]) -> Result<usize, ScratchError> {
    if templates.is_empty() {
        return Ok(0);
    }
    let names = templates.iter().map(|it| format!("'{it}'")).collect::<Vec<_>>().join(", ");
    let sql = include_str!("templates.sql").replace("'$names'", &names);
    let rows = server.run("look for templates", &sql).await?;
    let found: Vec<_> = rows.iter().filter_map(|row| text(row, 0)).collect();
    Ok(templates.iter().rposition(|it| found.contains(it)).map_or(0, |index| index + 1))
}

/// Copies a database, and takes the lock that makes us its owner before.
///
/// Copying files beats copying through the log (`wal_log`) five times here: the two checkpoints that it needs cost
/// nothing on a server that never waits for its disk.
pub(super) async fn copy(server: &Server, name: &Name, template: &str) -> Result<(), DbError> {
    server.try_run(&format!("select {}", name.try_lock_sql())).await?;
    let create = format!("create database {name} template {template} strategy file_copy");
    let created = server.try_run(&create).await.map(drop);
    if created.is_err() {
        // The error that matters is the first one.
        let _lock_ends_with_the_session = server.try_run(&format!("select {}", name.unlock_sql())).await;
    }
    created
}

/// The template was pruned by another process since it was found.
pub(super) fn is_missing(error: &DbError) -> bool {
    error.server().and_then(|it| it.sqlstate) == SqlState::parse("3D000")
}

/// Makes a template of a complete database: nobody can connect any more, nobody owns it. Its name is the last thing
/// that it gets.
pub(super) async fn publish(server: &Server, name: &Name, template: &str) -> Result<(), ScratchError> {
    server
        .run("make a template", &format!("alter database {name} with is_template true allow_connections false"))
        .await?;
    let renamed = server.try_run(&format!("alter database {name} rename to {template}")).await;
    match renamed {
        Ok(_) => {
            server.run("unlock a database", &format!("select {}", name.unlock_sql())).await?;
            let note = format!(
                "insert into palisade_templates values ('{template}', now()) \
                 on conflict (name) do update set used = excluded.used"
            );
            server.run("note a template", &note).await.map(drop)
        }
        Err(error) if error.server().and_then(|it| it.sqlstate) == SqlState::parse("42P04") => {
            // Another task of this process has built the same.
            server.drop_owned(name).await
        }
        Err(source) => Err(ScratchError::Server { action: "name a template", source: Box::new(source) }),
    }
}

/// The right to build or to prune one template.
#[derive(Debug)]
pub(super) struct BuildLock {
    key: i64,
}

impl BuildLock {
    /// Waits until nobody else builds this template.
    ///
    /// Asks again and again instead of waiting in the server, because other tasks share the connection.
    pub(super) async fn acquire(server: &Server, template: &str) -> Result<Self, ScratchError> {
        loop {
            if let Some(lock) = Self::try_acquire(server, template).await? {
                return Ok(lock);
            }
            tokio::time::sleep(POLL).await;
        }
    }

    pub(super) async fn try_acquire(server: &Server, template: &str) -> Result<Option<Self>, ScratchError> {
        let digits = template.strip_prefix("palisade_template_").and_then(|it| it.get(..16)).unwrap_or("0");
        let key = u64::from_str_radix(digits, 16).unwrap_or_default().cast_signed();
        let rows = server.run("lock a template", &format!("select pg_catalog.pg_try_advisory_lock({key})")).await?;
        Ok((rows.first().and_then(|row| text(row, 0)).as_deref() == Some("t")).then_some(Self { key }))
    }

    pub(super) async fn release(self, server: &Server) -> Result<(), ScratchError> {
        let unlock = format!("select pg_catalog.pg_advisory_unlock({})", self.key);
        server.run("unlock a template", &unlock).await.map(drop)
    }
}
