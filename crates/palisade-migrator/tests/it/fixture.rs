//! One database, a list of files, and one function that migrates.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use palisade_config::{DatabaseUrl, HistoryTable};
use palisade_db::{ConnectSettings, Session, connect};
use palisade_embedded::ScratchDatabase;
use palisade_migrator::{
    Applied, ApplyCause, ApplyContext, ApplyError, DriftError, HistoryTables, Migration, MigrationFile, OutOfOrder,
    Progress, Repair, RepairError, Run, Version, apply, load, reconcile, repair,
};
use palisade_plan::{Answer, ApprovedPlan, Expectation, Plan, RepairStep, Step, Target};
use palisade_tests::Proxy;

/// A database with the files of a project that is not on any disk. A clone is somebody else who works on it.
#[derive(Clone)]
pub(crate) struct Fixture {
    pub(crate) database: Arc<ScratchDatabase>,
    /// By which way migrations go there.
    pub(crate) url: DatabaseUrl,
    pub(crate) tables: HistoryTables,
    /// How long to try to reconnect.
    pub(crate) reconnect: Duration,
    /// What apply said it did.
    pub(crate) said: Vec<String>,
}

/// Why nothing was applied, or not all.
#[derive(Debug)]
pub(crate) enum Stopped {
    /// The database could not be reached, locked or read.
    Unreached(String),
    Drift(DriftError),
    Apply(ApplyError),
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreached(error) => error.fmt(f),
            Self::Drift(error) => error.fmt(f),
            Self::Apply(error) => error.fmt(f),
        }
    }
}

impl Stopped {
    pub(crate) fn unreached(error: impl fmt::Display) -> Self {
        Self::Unreached(error.to_string())
    }

    /// Why an apply stopped.
    pub(crate) fn cause(self) -> ApplyCause {
        match self {
            Self::Apply(error) => error.cause,
            other => panic!("not while applying: {other}"),
        }
    }
}

pub(crate) fn history_table(schema: &str, name: &str) -> HistoryTables {
    HistoryTables::new(&HistoryTable { schema: schema.to_owned(), name: name.to_owned() }).unwrap()
}

impl Fixture {
    pub(crate) async fn new() -> Self {
        Self::of(palisade_tests::database().await)
    }

    pub(crate) fn of(database: ScratchDatabase) -> Self {
        Self {
            url: database.url().clone(),
            database: Arc::new(database),
            tables: history_table("palisade", "migrations"),
            reconnect: Duration::from_secs(20),
            said: Vec::new(),
        }
    }

    /// One whose migrations go through a proxy. Queries of the test itself do not.
    pub(crate) async fn behind_proxy() -> (Self, Arc<Proxy>) {
        Self::behind_proxy_of(palisade_tests::database().await).await
    }

    pub(crate) async fn behind_proxy_of(database: ScratchDatabase) -> (Self, Arc<Proxy>) {
        let it = Self::of(database);
        let proxy = Arc::new(Proxy::new(it.database.url()).await);
        (Self { url: proxy.url().clone(), ..it }, proxy)
    }

    /// The same on the direct way.
    pub(crate) fn direct(&self) -> Self {
        Self { url: self.database.url().clone(), said: Vec::new(), ..self.clone() }
    }

    /// Applies what is pending of `files`.
    pub(crate) async fn migrate(&mut self, files: &[Migration]) -> Result<Applied, Stopped> {
        let mut session = self.try_session().await?;
        let plan = self.plan(&mut session, files).await?;
        self.apply(&mut session, plan).await
    }

    /// Takes the migrations of `files` back, in this order.
    pub(crate) async fn revert(&mut self, files: &[Migration]) -> Result<Applied, Stopped> {
        let mut session = self.try_session().await?;
        let steps = files.iter().map(|it| Step::Migration(it.to_revert_step().unwrap())).collect();
        let plan = self.plan_of(&mut session, steps).await?;
        self.apply(&mut session, plan).await
    }

    pub(crate) async fn session(&self) -> Session {
        self.try_session().await.unwrap()
    }

    async fn try_session(&self) -> Result<Session, Stopped> {
        let settings = ConnectSettings::new(self.url.clone());
        let connection = connect(&settings).await.map_err(Stopped::unreached)?;
        Session::acquire(connection, Duration::from_secs(20), |_| ()).await.map_err(Stopped::unreached)
    }

    pub(crate) async fn plan(&self, session: &mut Session, files: &[Migration]) -> Result<Plan, Stopped> {
        let history = load(session.connection(), &self.tables).await.map_err(Stopped::unreached)?;
        let found = reconcile(files, &history);
        let pending = found.pending(OutOfOrder::Refuse).map_err(Stopped::Drift)?;
        let steps = pending.iter().map(|it| Step::Migration(it.to_step())).collect();
        self.plan_of(session, steps).await
    }

    pub(crate) async fn plan_of(&self, session: &mut Session, steps: Vec<Step>) -> Result<Plan, Stopped> {
        let history = load(session.connection(), &self.tables).await.map_err(Stopped::unreached)?;
        let identity = session.connection().facts().identity.clone();
        let target = Target { environment: "dev".to_owned(), protected: false, identity, protected_by: Vec::new() };
        Ok(Plan { target, expects: Expectation { applied: history.versions(), catalog: None }, steps })
    }

    pub(crate) async fn apply(&mut self, session: &mut Session, plan: Plan) -> Result<Applied, Stopped> {
        let approved = plan.approve(&[], &Answer::None).unwrap();
        let run = self.new_run();
        let context = ApplyContext { tables: &self.tables, schemas: &[], run: &run };
        let said = &mut self.said;
        let mut progress = |it: Progress<'_>| said.push(line(it));
        apply(session, &approved, context, &mut progress).await.map_err(Stopped::Apply)
    }

    fn new_run(&self) -> Run {
        static RUNS: AtomicUsize = AtomicUsize::new(0);
        Run {
            id: format!("run-{}", RUNS.fetch_add(1, Ordering::Relaxed)),
            who: "tester@here".to_owned(),
            commit: None,
            reconnect: self.reconnect,
        }
    }

    /// Corrects the history of one version.
    pub(crate) async fn repair(&self, files: &[Migration], version: i64, action: Repair) -> Result<(), RepairError> {
        let mut session = self.session().await;
        let step = Step::Repair(RepairStep { version, action: action.as_str().to_owned() });
        let approved: ApprovedPlan =
            self.plan_of(&mut session, vec![step]).await.unwrap().approve(&[], &Answer::None).unwrap();
        repair(&mut session, &approved, &self.tables, &self.new_run(), files, action).await
    }

    /// The first column of every row, as text.
    pub(crate) async fn query(&self, sql: &str) -> Vec<String> {
        let mut connection = palisade_tests::connection(&self.database).await;
        palisade_tests::query(&mut connection, sql).await
    }

    /// The applied versions.
    pub(crate) async fn versions(&self) -> Vec<String> {
        self.query(&format!("select version from {} order by version", self.tables.migrations)).await
    }

    /// How often each version was tried with which end, in the order of the last tries.
    pub(crate) async fn attempts(&self) -> Vec<String> {
        let sql = format!("select concat_ws(' ', kind, version, state) from {} order by id", self.tables.attempts);
        self.query(&sql).await
    }
}

/// A migration `migrations/<version>_x.sql`.
pub(crate) fn file(version: i64, sql: &str) -> Migration {
    let up = MigrationFile { file: format!("migrations/{version}_x.sql"), sql: sql.to_owned() };
    Migration { version: Version(version), description: "x".to_owned(), up, down: None }
}

/// A migration with a way back.
pub(crate) fn pair(version: i64, up: &str, down: &str) -> Migration {
    let down = MigrationFile { file: format!("migrations/{version}_x.down.sql"), sql: down.to_owned() };
    Migration { down: Some(down), ..file(version, up) }
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
