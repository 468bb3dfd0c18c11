//! One pair of schemas, in both directions.

use camino::Utf8PathBuf;
use palisade_catalog::{Catalog, Compared, difference};
use palisade_db::{Connection, batch, introspect};
use palisade_diff::{DiffError, Options, Script, diff};
use palisade_embedded::{Scratch, ScratchDatabase, installation};
use palisade_sql::{Dump, split};

use super::verdict::{Outcome, Verdict};
use crate::{connection, program, settings};

/// Two schemas.
#[derive(Debug, Clone)]
pub struct Pair {
    /// What reports call it.
    pub name: String,
    /// SQL of the old one.
    pub old: String,
    /// SQL of the new one.
    pub new: String,
}

/// What judging takes: a server and the `pg_dump` beside it.
#[derive(Debug)]
pub struct Judge {
    scratch: Scratch,
    pg_dump: Utf8PathBuf,
}

/// A database with what is known of it.
struct Side {
    database: ScratchDatabase,
    connection: Connection,
    catalog: Catalog,
}

impl Judge {
    /// On the scratch server that the environment chooses.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub async fn new() -> Self {
        let installation = installation(&settings()).await.expect("a Postgres");
        Self { scratch: crate::scratch().await, pg_dump: installation.program("pg_dump") }
    }

    /// A connection to a database of the server, to ask what it can.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub async fn connection(&self) -> (ScratchDatabase, Connection) {
        let database = self.scratch.database(&[]).await.expect("a database");
        let connection = connection(&database).await;
        (database, connection)
    }

    /// Loads both sides, and takes each to the other.
    ///
    /// # Panics
    ///
    /// If the server does not answer.
    pub async fn judge(&self, pair: &Pair) -> Outcome {
        let same = |verdict: Verdict| Outcome { forwards: verdict.clone(), backwards: Some(verdict) };
        let (old, new) = match (self.load("old", &pair.old).await, self.load("new", &pair.new).await) {
            (Ok(old), Ok(new)) => (old, new),
            (Err(reason), _) | (_, Err(reason)) => return same(Verdict::NotLoadable(reason)),
        };
        let forwards = script(&old.catalog, &new.catalog);
        let backwards = script(&new.catalog, &old.catalog);
        let (mut old, mut new) = (old, new);
        let (old_dump, new_dump) = (self.dump(&old.database).await, self.dump(&new.database).await);
        let outcome = Outcome {
            forwards: match forwards {
                Ok(script) => self.apply(&mut old, &script, (&new.catalog, &new_dump)).await,
                Err(verdict) => verdict,
            },
            backwards: Some(match backwards {
                Ok(script) => self.apply(&mut new, &script, (&old.catalog, &old_dump)).await,
                Err(verdict) => verdict,
            }),
        };
        close([old, new]).await;
        outcome
    }

    /// Loads both sides, and takes the old one to the new one only.
    ///
    /// # Panics
    ///
    /// If the server does not answer.
    pub async fn judge_forwards(&self, pair: &Pair) -> Outcome {
        let (mut old, new) = match (self.load("old", &pair.old).await, self.load("new", &pair.new).await) {
            (Ok(old), Ok(new)) => (old, new),
            (Err(reason), _) | (_, Err(reason)) => {
                return Outcome { forwards: Verdict::NotLoadable(reason), backwards: None };
            }
        };
        let forwards = match script(&old.catalog, &new.catalog) {
            Ok(script) => {
                let dump = self.dump(&new.database).await;
                self.apply(&mut old, &script, (&new.catalog, &dump)).await
            }
            Err(verdict) => verdict,
        };
        close([old, new]).await;
        Outcome { forwards, backwards: None }
    }

    async fn load(&self, side: &str, sql: &str) -> Result<Side, String> {
        let (database, mut connection) = self.connection().await;
        let statements = split(sql).map_err(|error| format!("{side}: {error}"))?;
        for statement in statements {
            batch(&mut connection, statement.text)
                .await
                .map_err(|error| format!("{side}: {error}\n{}", statement.text))?;
        }
        // Settings of the file end with its session.
        drop(connection);
        let mut connection = crate::connection(&database).await;
        let catalog = introspect::everything(&mut connection).await.map_err(|error| format!("{side}: {error}"))?;
        Ok(Side { database, connection, catalog })
    }

    async fn apply(&self, side: &mut Side, script: &Script, (wanted, dump): (&Catalog, &Dump)) -> Verdict {
        for statement in &script.statements {
            if let Err(error) = batch(&mut side.connection, &statement.sql).await {
                return Verdict::ApplyError(format!("{error}\n{}\n  in\n{script}", statement.sql));
            }
        }
        let found = match introspect::everything(&mut side.connection).await {
            Ok(found) => found,
            Err(error) => return Verdict::ToolError(error.to_string()),
        };
        let differences: Vec<String> =
            difference(&found, wanted, Compared::ALL).iter().map(ToString::to_string).collect();
        if !differences.is_empty() {
            return Verdict::Differs(format!("catalog:\n{}\n  after\n{script}", differences.join("\n")));
        }
        let differences: Vec<String> =
            self.dump(&side.database).await.difference(dump).iter().map(ToString::to_string).collect();
        if !differences.is_empty() {
            return Verdict::Differs(format!("pg_dump:\n{}\n  after\n{script}", differences.join("\n")));
        }
        match self::script(&found, wanted) {
            Ok(second) if second.is_empty() => Verdict::Converged,
            Ok(second) => Verdict::SecondDiff(second.to_string()),
            Err(verdict) => verdict,
        }
    }

    async fn dump(&self, database: &ScratchDatabase) -> Dump {
        let url = database.url();
        let host = match &url.host {
            palisade_config::Host::Socket(directory) => directory.to_string(),
            palisade_config::Host::Tcp(name) => name.clone(),
        };
        let port = url.port.to_string();
        let arguments = ["--schema-only", "--no-sync", "-h", &host, "-p", &port, "-U", &url.user, "-d", &url.database];
        let text = program::output(&self.pg_dump, &arguments).await;
        Dump::parse(&text).expect("pg_dump writes SQL")
    }
}

async fn close(sides: [Side; 2]) {
    for Side { database, connection, .. } in sides {
        drop(connection);
        database.close().await.expect("a database that can be dropped");
    }
}

fn script(from: &Catalog, to: &Catalog) -> Result<Script, Verdict> {
    // One pair that makes the engine panic must not hide what the others do.
    match std::panic::catch_unwind(|| diff(from, to, &Options::ALL)) {
        Ok(Ok(script)) => Ok(script),
        Ok(Err(error @ DiffError::Impossible { .. })) => Err(Verdict::Refused(error.to_string())),
        Ok(Err(error)) => Err(Verdict::ToolError(error.to_string())),
        Err(_) => Err(Verdict::ToolError("a panic".to_owned())),
    }
}
