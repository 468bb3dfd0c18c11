//! Restoring a backup into a database of its own, and comparing.

mod rows;

use std::collections::BTreeMap;

use camino::Utf8PathBuf;
use palisade_archive::ArchiveError;
use palisade_db::{ConnectSettings, Connection, DbError, batch, introspect};
use palisade_embedded::{EmbeddedSettings, Scratch};
use palisade_sql::{Ident, Literal, QualifiedName};
use palisade_store::Store;

use super::{VerifyError, different_rows};
use crate::fetch::{self, Take};
use crate::inventory::{self, Table};
use crate::keys::Identities;
use crate::manifest::{Content, Engine, Manifest};
use crate::program;
use crate::restore::{
    Edit, Overwrite, Owners, RestoreOptions, RestoreProgress, RestoreTarget, Selection, Strictness, missing_extensions,
    restore, run,
};
use crate::restore_error::RestoreError;
use crate::session_settings::SESSION;

/// Connections that restore and compare.
const CONNECTIONS: usize = 2;

/// Where a backup is restored to be looked at.
#[derive(Debug, Clone)]
pub struct Laboratory {
    /// Where Postgres is found.
    pub embedded: EmbeddedSettings,
    /// SQL files whose queries must return no row, if there are some.
    pub checks: Option<Utf8PathBuf>,
}

pub(super) async fn verify(
    laboratory: &Laboratory,
    store: &Store,
    manifest: &Manifest,
    identities: Option<&Identities>,
    tell: &mut (impl FnMut(u64) + Send),
    problems: &mut Vec<String>,
    unverified: &mut Vec<String>,
) -> Result<(), VerifyError> {
    let Some(major) = manifest.server_major() else {
        problems
            .push(format!("the manifest says that the server was `{}`, which is no version", manifest.server_version));
        return Ok(());
    };
    let embedded = laboratory.embedded.clone().with_major(major);
    let scratch = Scratch::open(&embedded).await?;
    let database = scratch.database(&[]).await?;
    let mut connection = database.connect().await?;
    make_roles(&mut connection, store, manifest, identities).await?;
    let missing = missing_extensions(&mut connection, manifest).await?;
    let options = RestoreOptions {
        store: store.clone(),
        manifest: manifest.clone(),
        identities: identities.cloned(),
        target: RestoreTarget::scratch(ConnectSettings::new(database.url().clone())),
        overwrite: Overwrite::Refuse,
        owners: Owners::AsBackedUp,
        selection: Selection::default(),
        // Nobody has to see the target before it is whole.
        jobs: CONNECTIONS,
        embedded: embedded.clone(),
    };
    match bring(&options, major, &missing, tell).await {
        Ok(()) => {
            let settings = options.target.settings();
            compare(&mut connection, settings, manifest, &missing, problems, unverified).await?;
        }
        Err(error) => problems.push(damage(error)?),
    }
    if problems.is_empty()
        && let Some(directory) = &laboratory.checks
    {
        run_checks(&mut connection, directory, problems).await?;
    }
    connection.close().await;
    database.close().await?;
    Ok(())
}

/// Restores all that can be.
async fn bring(
    options: &RestoreOptions,
    major: u32,
    missing: &[String],
    tell: &mut (impl FnMut(u64) + Send),
) -> Result<(), RestoreError> {
    if missing.is_empty() {
        let mut before = 0;
        let progress = |it: RestoreProgress| tell(it.bytes - std::mem::replace(&mut before, it.bytes));
        return restore(options, progress).await.map(drop);
    }
    // Without an extension some objects cannot be made: the others are looked at all the same.
    let edit = Edit { without_extensions: missing.to_vec(), ..Edit::none(std::time::Duration::ZERO) };
    let installation = program::fitting(&options.embedded, major).await?;
    run(options, &installation, edit, Strictness::WhatCanBe, tell).await.map(drop)
}

/// What is wrong with the backup, if that is why it could not be restored.
fn damage(error: RestoreError) -> Result<String, VerifyError> {
    match error {
        RestoreError::Stage { cause, .. } | RestoreError::Incomplete { cause, .. } => damage(*cause),
        RestoreError::Fetch(error) if !error.is_damage() => Err(error.into()),
        RestoreError::Fetch(_)
        | RestoreError::Different { .. }
        | RestoreError::Rows { .. }
        | RestoreError::Restore { .. } => Ok(error.to_string()),
        error => Err(VerifyError::Restore(Box::new(error))),
    }
}

/// The roles that own things and hold rights. They are only names here: without rights, passwords and members.
async fn make_roles(
    connection: &mut Connection,
    store: &Store,
    manifest: &Manifest,
    identities: Option<&Identities>,
) -> Result<(), VerifyError> {
    let Some(part) = manifest.parts.iter().find(|it| it.content == Content::Roles) else { return Ok(()) };
    let text = fetch::open(store, manifest, part, identities, Text::default(), |_| ()).await?;
    for role in role_names(&String::from_utf8_lossy(&text.0)) {
        let (Ok(ident), Ok(literal)) = (Ident::new(&role), Literal::new(&role)) else { continue };
        let create = Literal::new(format!("create role {ident}")).map_err(|it| unexpected(&it.to_string()))?;
        let sql = format!(
            "do $palisade$ begin
               if not exists (select from pg_catalog.pg_roles where rolname = {literal}) then execute {create}; end if;
             end $palisade$"
        );
        batch(connection, &sql).await.map_err(|it| it.error)?;
    }
    Ok(())
}

/// The names behind `CREATE ROLE`. One in quotes can go over several lines.
fn role_names(sql: &str) -> Vec<String> {
    let mut names = Vec::new();
    let starts = sql.match_indices("CREATE ROLE ").filter(|(at, _)| *at == 0 || sql[..*at].ends_with('\n'));
    for rest in starts.map(|(at, words)| &sql[at + words.len()..]) {
        let Some(quoted) = rest.strip_prefix('"') else {
            names.extend(rest.split([';', '\n', '\r']).next().map(|it| it.trim_end().to_owned()));
            continue;
        };
        let mut name = String::new();
        let mut characters = quoted.chars().peekable();
        while let Some(character) = characters.next() {
            // Two are one, and one is the end.
            if character == '"' && characters.next_if_eq(&'"').is_none() {
                break;
            }
            name.push(character);
        }
        names.push(name);
    }
    names
}

#[derive(Default)]
struct Text(Vec<u8>);

impl Take for Text {
    fn take(&mut self, bytes: &[u8]) -> Result<bool, ArchiveError> {
        self.0.extend_from_slice(bytes);
        Ok(true)
    }
}

async fn compare(
    connection: &mut Connection,
    settings: &ConnectSettings,
    manifest: &Manifest,
    missing: &[String],
    problems: &mut Vec<String>,
    unverified: &mut Vec<String>,
) -> Result<(), VerifyError> {
    let there: BTreeMap<String, Table> =
        inventory::tables_and_sizes(connection).await?.into_iter().map(|it| (it.name.to_string(), it)).collect();
    let session = format!("{SESSION} set row_security = off; set search_path = pg_catalog");
    batch(connection, &session).await.map_err(|it| it.error)?;
    let (mut manifest, mut told, mut tables) = (manifest.clone(), Vec::new(), Vec::new());
    for table in manifest.tables {
        let name = QualifiedName::new(&table.schema, &table.name).map_err(|it| unexpected(&it.to_string()))?;
        let found = there.get(&name.to_string());
        if !missing.is_empty() && found.is_none() {
            unverified.push(format!("{}: it needs one of the extensions {}", table.qualified(), missing.join(", ")));
            continue;
        }
        // Of a table that an extension has filled, only the rows are in a backup that its condition lets in.
        match found {
            Some(it) => tables.push(Table { columns: table.columns.clone(), ..it.clone() }),
            None => problems.push(format!("{} is not there", table.qualified())),
        }
        told.push(table);
    }
    manifest.tables = told;
    let rows = rows::digests(settings, &tables, CONNECTIONS).await?;
    problems.extend(different_rows(&manifest, &rows));
    let names: Vec<_> = manifest.sequences.iter().map(|it| (it.schema.clone(), it.name.clone())).collect();
    if missing.is_empty() {
        let found = inventory::sequences(connection, &names).await?;
        for (found, expected) in found.iter().zip(&manifest.sequences) {
            // `pg_dump` reads a sequence when it comes to it: it may have gone on since the snapshot.
            let newer = manifest.engine == Engine::Single && found.last_value != expected.last_value;
            if !newer && found != expected {
                problems.push(format!(
                    "the sequence {}.{} stands at {}, and stood at {}",
                    found.schema, found.name, found.last_value, expected.last_value
                ));
            }
        }
        let fingerprint = introspect::everything(connection).await?.fingerprint();
        if fingerprint.as_str() != manifest.fingerprint {
            problems.push("the schema that was restored is not the one that was backed up".to_owned());
        }
    } else {
        unverified.push(format!("the schema as a whole: there is no extension {}", missing.join(", ")));
    }
    Ok(())
}

/// Every query of every file must return no row.
async fn run_checks(
    connection: &mut Connection,
    directory: &Utf8PathBuf,
    problems: &mut Vec<String>,
) -> Result<(), VerifyError> {
    let check = |source| VerifyError::Check { path: directory.clone(), source };
    let entries = match directory.read_dir_utf8() {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(check(error)),
    };
    let mut files =
        entries.map(|it| it.map(|it| it.path().to_owned())).collect::<Result<Vec<_>, _>>().map_err(check)?;
    files.retain(|it| it.extension() == Some("sql"));
    files.sort();
    batch(connection, "reset search_path").await.map_err(|it| it.error)?;
    for file in files {
        let sql = std::fs::read_to_string(&file).map_err(|source| VerifyError::Check { path: file.clone(), source })?;
        let name = file.file_name().unwrap_or_default();
        match batch(connection, &sql).await {
            Ok(done) if done.rows.is_empty() => {}
            Ok(done) => problems.push(format!("the check `{name}` returned {} rows", done.rows.len())),
            Err(error) => problems.push(format!("the check `{name}` failed: {error}")),
        }
    }
    Ok(())
}

fn unexpected(reason: &str) -> DbError {
    DbError::Unexpected { reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::role_names;

    #[test]
    fn roles_are_read() {
        let sql = "CREATE ROLE anon;\nALTER ROLE anon WITH NOSUPERUSER;\nCREATE ROLE \"a \"\"b\";\nCREATE ROLE \"over\ntwo; lines\";\n";
        assert_eq!(role_names(sql), ["anon", "a \"b", "over\ntwo; lines"]);
    }
}
