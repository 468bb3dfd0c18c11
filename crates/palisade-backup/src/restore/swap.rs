//! Restoring beside a database, and putting the result in its place.

mod database;
mod rename;

use std::collections::BTreeMap;

use jiff::Timestamp;
use palisade_db::{ConnectSettings, Connection, DbError, Row, batch, connect};
use palisade_plan::RestorePlace;
use palisade_sql::{Ident, Literal, QualifiedName};

use super::target::Purpose;
use super::{Overwrite, Possible, RestoreOptions, RestoreProgress, Restored, look, restore, room};
use crate::inventory;
use crate::manifest::Manifest;
use crate::restore_error::RestoreError;
use database::Described;

/// How many tables are counted in one message.
const TABLES: usize = 200;

/// A database that took the place of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Swapped {
    /// What the restore did.
    pub restored: Restored,
    /// The database, under whose name the backup is now.
    pub database: String,
    /// What the old one is called now. It stays until somebody drops it.
    pub before: String,
}

/// Restores into a new database, and renames both only when everything is there: who connects finds the old one, whole, until the
/// moment in which the new one is.
///
/// The new one is called `<name>_restore_<id>` meanwhile, and the old one `<name>_before_<id>` afterwards. It has the owner, encoding
/// and locale of the old one, its settings, its rights and its comment; subscriptions and what is connected to it are not carried
/// over. Both are renamed in one transaction.
///
/// Nobody can be connected to a database that is renamed. Who is keeps it from beginning, and from being renamed after all; with
/// `terminate`, these sessions are ended in that moment.
///
/// The role needs the right to create databases, and to be the owner of the old one; `postgres` or `template1` must let it in. What
/// [`Overwrite`] says does not matter.
///
/// # Errors
///
/// [`RestoreError`]; then the old database is what it was, and the new one is dropped; also if this is dropped, and the runtime goes on
/// for a moment.
pub async fn restore_swapped(
    options: &RestoreOptions,
    terminate: bool,
    progress: impl FnMut(RestoreProgress) + Send,
) -> Result<Swapped, RestoreError> {
    restore_swapped_if(options, terminate, progress, async || Ok(true)).await
}

/// Does what of [`restore_swapped`] comes before the first write: as [`look`], of a new database, and whether somebody is connected to
/// the old one.
///
/// # Errors
///
/// [`RestoreError`], as [`restore_swapped`] would end.
pub async fn look_swapped(options: &RestoreOptions, terminate: bool) -> Result<Possible, RestoreError> {
    whole(options)?;
    // A new database is empty, and the old one gives no room back.
    let beside = RestoreOptions { overwrite: Overwrite::Confirmed, jobs: 1, ..options.clone() };
    let possible = look(&beside).await?;
    let settings = options.target.settings();
    let mut maintenance = rename::maintenance(settings).await?;
    if !terminate {
        rename::refuse_sessions(&mut maintenance, &settings.url.database).await?;
    }
    maintenance.close().await;
    Ok(Possible { objects: Vec::new(), ..possible })
}

fn whole(options: &RestoreOptions) -> Result<(), RestoreError> {
    if options.selection.is_everything() {
        return Ok(());
    }
    Err(RestoreError::WholeOnly { what: "a restore that replaces a database" })
}

/// As [`restore_swapped`], if `may_go` says of the old database, asked right before it is renamed, that it may be replaced.
///
/// # Errors
///
/// As [`restore_swapped`], and [`RestoreError::Changed`] if it may not, or what `may_go` fails with.
pub async fn restore_swapped_if(
    options: &RestoreOptions,
    terminate: bool,
    progress: impl FnMut(RestoreProgress) + Send,
    may_go: impl AsyncFnOnce() -> Result<bool, RestoreError>,
) -> Result<Swapped, RestoreError> {
    whole(options)?;
    let settings = options.target.settings();
    let name = settings.url.database.clone();
    let old = connect(settings).await?;
    options.target.check(&options.manifest, &options.step(RestorePlace::Beside), old.facts(), Purpose::Write)?;
    old.close().await;
    let mut maintenance = rename::maintenance(settings).await?;
    if !terminate {
        rename::refuse_sessions(&mut maintenance, &name).await?;
    }
    room::check(&mut maintenance, options).await?;
    let id = Timestamp::now().as_millisecond();
    let id = ulid::Ulid::from_parts(u64::try_from(id).unwrap_or(0), rand::random()).to_string().to_lowercase();
    let id = id.get(..8).unwrap_or(&id);
    let (new, before) = (named(&name, "restore", id)?, named(&name, "before", id)?);
    let unfinished = unfinished(&mut maintenance, &new, id).await?;
    let described = database::describe(&mut maintenance, &name).await?;
    let fail = |reason| RestoreError::NewDatabase { database: new.as_str().to_owned(), reason };
    let begun = Begun { settings: Some(settings.clone()), name: new.clone() };
    run(&mut maintenance, &described.create_sql(&new).map_err(fail)?).await.map_err(fail)?;
    let filled = Box::pin(fill(options, &described, &new, progress)).await;
    let swapped = match filled {
        Ok(restored) => match may_go().await {
            Ok(true) => rename::swap(&mut maintenance, &name, &new, &before, terminate).await.map(|()| restored),
            Ok(false) => Err(RestoreError::Changed { database: name.clone() }),
            Err(error) => Err(error),
        },
        Err(error) => Err(error),
    };
    match swapped {
        Ok(mut restored) => {
            begun.keep();
            restored.warnings.extend(unfinished);
            Ok(Swapped { restored, database: name, before: before.as_str().to_owned() })
        }
        Err(error) => {
            begun.drop_it().await;
            Err(error)
        }
    }
}

/// A database that does not stay unless it is wanted, also where nobody waits for the end.
struct Begun {
    /// `None` once it is decided what becomes of it.
    settings: Option<ConnectSettings>,
    name: Ident,
}

impl Begun {
    fn keep(mut self) {
        self.settings = None;
    }

    async fn drop_it(mut self) {
        if let Some(settings) = self.settings.take() {
            drop_database(&settings, &self.name).await;
        }
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        let (Some(settings), Ok(runtime)) = (self.settings.take(), tokio::runtime::Handle::try_current()) else {
            return;
        };
        let name = self.name.clone();
        runtime.spawn(async move { drop_database(&settings, &name).await });
    }
}

/// On a connection of its own: that of the restore may be lost, or busy. Why it is not wanted is what matters to people.
async fn drop_database(settings: &ConnectSettings, name: &Ident) {
    let dropped = match rename::maintenance(settings).await {
        Ok(mut connection) => run(&mut connection, &format!("drop database if exists {name} with (force)")).await.err(),
        Err(error) => return tracing::warn!(database = name.as_str(), %error, "a database stays that was not finished"),
    };
    if let Some(error) = dropped {
        tracing::warn!(database = name.as_str(), %error, "a database stays that was not finished");
    }
}

/// Restores into the new database, and makes everything of it that a rename does not.
async fn fill(
    options: &RestoreOptions,
    described: &Described,
    new: &Ident,
    progress: impl FnMut(RestoreProgress) + Send,
) -> Result<Restored, RestoreError> {
    let target = options.target.beside(new.as_str());
    let options = RestoreOptions { target, overwrite: Overwrite::Refuse, ..options.clone() };
    let restored = restore(&options, progress).await?;
    let mut connection = connect(options.target.settings()).await?;
    let problems = different_counts(&mut connection, &options.manifest).await?;
    if !problems.is_empty() {
        return Err(RestoreError::Different { problems });
    }
    described
        .carry_over(&mut connection, new)
        .await
        .map_err(|reason| RestoreError::NewDatabase { database: new.as_str().to_owned(), reason })?;
    connection.close().await;
    Ok(restored)
}

/// Databases of restores that were killed. Whether somebody fills one right now cannot be told for sure, so they are only named.
async fn unfinished(connection: &mut Connection, new: &Ident, id: &str) -> Result<Vec<String>, DbError> {
    let beginning = new.as_str().strip_suffix(id).unwrap_or(new.as_str());
    let beginning = Literal::new(beginning).map_err(|it| DbError::Unexpected { reason: it.to_string() })?;
    let sql = format!(
        "select datname::text from pg_catalog.pg_database where pg_catalog.starts_with(datname, {beginning})
           and pg_catalog.length(datname) = pg_catalog.length({beginning}) + {} order by datname",
        id.len()
    );
    let rows = batch(connection, &sql).await.map_err(|it| it.error)?.rows;
    let named = |it: String| format!("`{it}` is of a restore that was killed, or is under way: drop it if none is");
    rows.iter().map(|it| Ok(named(it.try_get(0)?))).collect()
}

/// Tables that do not have as many rows as the manifest says.
async fn different_counts(connection: &mut Connection, manifest: &Manifest) -> Result<Vec<String>, DbError> {
    run(connection, "set row_security = off; set statement_timeout = 0").await?;
    let conditions: BTreeMap<String, String> = inventory::tables(connection)
        .await?
        .into_iter()
        .filter_map(|it| Some((it.name.to_string(), it.condition?)))
        .collect();
    let mut problems = Vec::new();
    for tables in manifest.tables.chunks(TABLES) {
        let mut counts = Vec::with_capacity(tables.len());
        for table in tables {
            let name = QualifiedName::new(&table.schema, &table.name);
            let name = name.map_err(|it| DbError::Unexpected { reason: it.to_string() })?;
            // Of a table that an extension has filled, only the rows are in a backup that its condition lets in.
            let condition = conditions.get(&name.to_string()).map(String::as_str).unwrap_or_default();
            counts.push(format!("select count(*)::text from only {name} {condition}"));
        }
        let rows = batch(connection, &counts.join(";")).await.map_err(|it| it.error)?.rows;
        for (table, row) in tables.iter().zip(&rows) {
            let found: String = row.try_get(0)?;
            if found != table.rows.to_string() {
                problems.push(format!("{} has {found} rows, {} were read", table.qualified(), table.rows));
            }
        }
    }
    Ok(problems)
}

/// A name beside another one. Postgres keeps 63 bytes: of long names the end goes, not what tells them apart.
fn named(name: &str, what: &str, id: &str) -> Result<Ident, DbError> {
    let end = format!("_{what}_{id}");
    let mut kept = name.to_owned();
    while kept.len() + end.len() > 63 {
        kept.pop();
    }
    Ident::new(format!("{kept}{end}")).map_err(|it| DbError::Unexpected { reason: it.to_string() })
}

async fn run(connection: &mut Connection, sql: &str) -> Result<(), DbError> {
    batch(connection, sql).await.map(drop).map_err(|it| it.error)
}

#[cfg(test)]
mod tests {
    use super::named;

    #[test]
    fn long_names_are_cut_before_what_tells_them_apart() {
        assert_eq!(named("app", "restore", "01kaxh9z").unwrap().as_str(), "app_restore_01kaxh9z");
        let long = named(&"ü".repeat(31), "before", "01kaxh9z").unwrap();
        assert!(long.as_str().ends_with("ü_before_01kaxh9z") && long.as_str().len() <= 63, "{long}");
    }
}
