//! One pair of schemas, in both directions.

use camino::Utf8PathBuf;
use palisade_catalog::{Catalog, Compared, difference};
use palisade_db::{Connection, batch, introspect};
use palisade_diff::{DiffError, Options, Script, Statement, Transaction, diff};
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
    /// Whether the form that lets others read and write meanwhile is judged too, where it is another.
    pub online: bool,
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
        let (mut old, mut new) = (old, new);
        let (old_dump, new_dump) = (self.dump(&old.database).await, self.dump(&new.database).await);
        let outcome = Outcome {
            forwards: self.lead(&mut old, pair, &pair.old, (&new.catalog, &new_dump)).await,
            backwards: Some(self.lead(&mut new, pair, &pair.new, (&old.catalog, &old_dump)).await),
        };
        close([old, new]).await;
        outcome
    }

    /// Takes a database that was made by `sql` to another state, in the forms that the pair wants.
    async fn lead(&self, side: &mut Side, pair: &Pair, sql: &str, wanted: (&Catalog, &Dump)) -> Verdict {
        let online = script(&side.catalog, wanted.0, pair.online);
        let plain = match script(&side.catalog, wanted.0, false) {
            Ok(plain) => plain,
            Err(verdict) => return verdict,
        };
        let verdict = self.apply(side, &plain, wanted).await;
        match online {
            Ok(online) if online == plain => verdict,
            Ok(online) if verdict == Verdict::Converged => {
                let mut side = match self.load("online", sql).await {
                    Ok(side) => side,
                    Err(reason) => return Verdict::NotLoadable(reason),
                };
                let verdict = self.apply(&mut side, &online, wanted).await;
                close([side]).await;
                verdict
            }
            Ok(_) => verdict,
            Err(verdict) => verdict,
        }
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
        let dump = self.dump(&new.database).await;
        let forwards = self.lead(&mut old, pair, &pair.old, (&new.catalog, &dump)).await;
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
        for statement in in_transactions(&script.statements) {
            if let Err(error) = batch(&mut side.connection, statement).await {
                return Verdict::ApplyError(format!("{error}\n{statement}\n  in\n{script}"));
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
        match self::script(&found, wanted, false) {
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

/// The statements as a migration file has them: those that can stand together are one transaction.
fn in_transactions(statements: &[Statement]) -> Vec<&str> {
    let (mut all, mut open) = (Vec::new(), false);
    for it in statements {
        if open && it.transaction != Transaction::Shared {
            all.push("commit");
            open = false;
        }
        if !open && it.transaction != Transaction::Outside {
            all.push("begin");
            open = true;
        }
        all.push(&it.sql);
    }
    all.extend(open.then_some("commit"));
    all
}

async fn close<const N: usize>(sides: [Side; N]) {
    for Side { database, connection, .. } in sides {
        drop(connection);
        database.close().await.expect("a database that can be dropped");
    }
}

fn script(from: &Catalog, to: &Catalog, online: bool) -> Result<Script, Verdict> {
    let options = Options { online, ..Options::ALL };
    // One pair that makes the engine panic must not hide what the others do.
    match std::panic::catch_unwind(|| diff(from, to, &options)) {
        Ok(Ok(script)) => Ok(script),
        Ok(Err(error @ DiffError::Impossible { .. })) => Err(Verdict::Refused(error.to_string())),
        Ok(Err(error)) => Err(Verdict::ToolError(error.to_string())),
        Err(_) => Err(Verdict::ToolError("a panic".to_owned())),
    }
}
