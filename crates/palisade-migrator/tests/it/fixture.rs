//! One database, a list of files, and one function that migrates.

use std::time::Duration;

use palisade_config::HistoryTable;
use palisade_db::{Connection, Row, Session, batch};
use palisade_embedded::ScratchDatabase;
use palisade_migrator::{
    Applied, ApplyContext, ApplyError, DriftError, HistoryTables, Migration, MigrationFile, OutOfOrder, Progress, Run,
    Version, apply, load, reconcile,
};
use palisade_plan::{Answer, Expectation, MigrationStep, Plan, Step, Target};

/// A database with the files of a project that is not on any disk.
pub(crate) struct Fixture {
    pub(crate) database: ScratchDatabase,
    pub(crate) tables: HistoryTables,
    /// What apply said it did.
    pub(crate) said: Vec<String>,
}

/// Why nothing was applied, or not all.
#[derive(Debug)]
pub(crate) enum Stopped {
    Drift(DriftError),
    Apply(ApplyError),
}

impl std::fmt::Display for Stopped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Drift(error) => error.fmt(f),
            Self::Apply(error) => error.fmt(f),
        }
    }
}

impl Fixture {
    pub(crate) async fn new() -> Self {
        let table = HistoryTable { schema: "palisade".to_owned(), name: "migrations".to_owned() };
        Self {
            database: palisade_tests::database().await,
            tables: HistoryTables::new(&table).unwrap(),
            said: Vec::new(),
        }
    }

    /// Applies what is pending of `files`.
    pub(crate) async fn migrate(&mut self, files: &[Migration]) -> Result<Applied, Stopped> {
        let mut session = self.session().await;
        let plan = self.plan(&mut session, files).await?;
        self.apply(&mut session, plan).await
    }

    pub(crate) async fn session(&self) -> Session {
        let connection = palisade_tests::connection(&self.database).await;
        Session::acquire(connection, Duration::from_secs(20), |_| ()).await.unwrap()
    }

    pub(crate) async fn plan(&self, session: &mut Session, files: &[Migration]) -> Result<Plan, Stopped> {
        let history = load(session.connection(), &self.tables).await.unwrap();
        let found = reconcile(files, &history);
        let pending = found.pending(OutOfOrder::Refuse).map_err(Stopped::Drift)?;
        let steps = pending.iter().map(|it| Step::Migration(step(it))).collect();
        let identity = session.connection().facts().identity.clone();
        let target = Target { environment: "dev".to_owned(), protected: false, identity };
        Ok(Plan { target, expects: Expectation { applied: history.versions(), catalog: None }, steps })
    }

    pub(crate) async fn apply(&mut self, session: &mut Session, plan: Plan) -> Result<Applied, Stopped> {
        let approved = plan.approve(&[], &Answer::None).unwrap();
        let run = Run {
            id: format!("{:p}-{}", &raw const approved, self.said.len()),
            who: "tester@here".to_owned(),
            commit: None,
            reconnect: Duration::from_secs(20),
        };
        let context = ApplyContext { tables: &self.tables, schemas: &[], run: &run };
        let said = &mut self.said;
        let mut progress = |it: Progress<'_>| said.push(line(it));
        apply(session, &approved, context, &mut progress).await.map_err(Stopped::Apply)
    }

    /// The first column of every row, as text.
    pub(crate) async fn query(&self, sql: &str) -> Vec<String> {
        let mut connection = palisade_tests::connection(&self.database).await;
        query(&mut connection, sql).await
    }
}

pub(crate) async fn query(connection: &mut Connection, sql: &str) -> Vec<String> {
    let done = batch(connection, sql).await.unwrap();
    let text = |row: &palisade_db::PgRow| row.try_get_unchecked::<Option<String>, _>(0).unwrap().unwrap_or_default();
    done.rows.iter().map(text).collect()
}

/// A migration `migrations/<version>_x.sql`.
pub(crate) fn file(version: i64, sql: &str) -> Migration {
    let up = MigrationFile { file: format!("migrations/{version}_x.sql"), sql: sql.to_owned() };
    Migration { version: Version(version), description: "x".to_owned(), up, down: None }
}

pub(crate) fn step(migration: &Migration) -> MigrationStep {
    MigrationStep {
        version: migration.version.0,
        description: migration.description.clone(),
        file: migration.up.file.clone(),
        checksum: migration.up.checksum().0,
        transactional: migration.up.is_transactional(),
        sql: migration.up.sql.clone(),
        reverts: false,
    }
}

fn line(progress: Progress<'_>) -> String {
    match progress {
        Progress::Begins { step, number, of } => format!("{number}/{of} {}", step.file),
        Progress::Statement { sql } => format!("run {sql}"),
        Progress::Resumes { done } => format!("resume behind {done}"),
        Progress::CleansUp { object } => format!("clean up {object}"),
        Progress::Reconnects { .. } => "reconnect".to_owned(),
        Progress::Ends { done } => format!("done {}", done.file),
    }
}
