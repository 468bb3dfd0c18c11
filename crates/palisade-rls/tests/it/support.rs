//! One database for each test, and the shortest way from SQL to an approved plan.

use palisade_db::{Connection, Row, batch};
use palisade_embedded::{GrantRegime, Layer, ScratchDatabase};
use palisade_plan::{Answer, ApprovedPlan, Declared, Expectation, Plan, RowSecurityStep, Step, Target};
use palisade_rls::{
    Applied, ApplyContext, ApplyError, ApplySettings, DeclareError, Orphans, Personas, PolicyFile, PolicyScript, apply,
    declare, plan, read_access,
};

pub(crate) struct Database {
    target: ScratchDatabase,
    /// The same schema, where files are declared.
    twin: ScratchDatabase,
    personas: Personas,
}

/// Why files do not count.
#[derive(Debug)]
pub(crate) enum Failed {
    Declare(DeclareError),
    Apply(ApplyError),
}

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Declare(error) => write!(f, "{error}\nhelp: {}", error.help()),
            Self::Apply(error) => write!(f, "{error}\nhelp: {}", error.help()),
        }
    }
}

impl Database {
    /// A database like a new Supabase project, and `sql` run in it.
    pub(crate) async fn new(sql: &str) -> Self {
        Self::with(GrantRegime::After, sql).await
    }

    pub(crate) async fn with(regime: GrantRegime, sql: &str) -> Self {
        let layers = [Layer::supabase(regime)];
        let target = palisade_tests::database_with(&layers).await;
        let twin = palisade_tests::database_with(&layers).await;
        let this = Self { target, twin, personas: Personas::usual() };
        for mut connection in [this.connect().await, this.connect_to_twin().await] {
            run(&mut connection, sql).await;
        }
        this
    }

    pub(crate) fn with_personas(self, toml: &str) -> Self {
        Self { personas: Personas::parse("rls/personas.toml".into(), toml).unwrap(), ..self }
    }

    pub(crate) async fn connect(&self) -> Connection {
        palisade_tests::connection(&self.target).await
    }

    pub(crate) fn tcp_url(&self) -> &palisade_config::DatabaseUrl {
        self.target.tcp_url()
    }

    pub(crate) async fn connect_to_twin(&self) -> Connection {
        palisade_tests::connection(&self.twin).await
    }

    pub(crate) fn context(&self, settings: ApplySettings) -> ApplyContext<'_> {
        ApplyContext { schemas: &[], personas: &self.personas, settings }
    }

    pub(crate) async fn run(&self, sql: &str) {
        run(&mut self.connect().await, sql).await;
    }

    /// What files declare, given as paths and texts.
    pub(crate) async fn declare(&self, files: &[(&str, &str)]) -> Result<Declared, DeclareError> {
        declare(&mut self.connect_to_twin().await, &script(files)).await
    }

    /// The statements that are left to do.
    pub(crate) async fn statements(&self, files: &[(&str, &str)], orphans: Orphans) -> String {
        let declared = self.declare(files).await.unwrap();
        let seen = read_access(&mut self.connect().await).await.unwrap();
        plan(&seen.catalog, &declared, orphans).unwrap().statements.join("\n")
    }

    /// A plan that was approved.
    pub(crate) async fn approved(
        &self,
        files: &[(&str, &str)],
        orphans: Orphans,
    ) -> Result<ApprovedPlan, DeclareError> {
        let declared = self.declare(files).await?;
        let identity = self.connect().await.facts().identity.clone();
        Ok(approve(&identity, script(files).to_step(declared, orphans, None)))
    }

    /// Applies files with settings that do not wait for long.
    pub(crate) async fn apply(&self, files: &[(&str, &str)]) -> Result<Applied, Failed> {
        self.apply_with(files, Orphans::Keep, ApplySettings::default()).await
    }

    pub(crate) async fn apply_with(
        &self,
        files: &[(&str, &str)],
        orphans: Orphans,
        settings: ApplySettings,
    ) -> Result<Applied, Failed> {
        let approved = self.approved(files, orphans).await.map_err(Failed::Declare)?;
        apply(&mut self.connect().await, &approved, self.context(settings)).await.map_err(Failed::Apply)
    }
}

pub(crate) async fn run(connection: &mut Connection, sql: &str) {
    batch(connection, sql).await.unwrap_or_else(|error| panic!("{error}: {sql}"));
}

/// Statement by statement: `create index concurrently` stands no company.
pub(crate) async fn run_directory(connection: &mut Connection, directory: &camino::Utf8Path) {
    let mut files: Vec<_> = directory.read_dir_utf8().unwrap().map(|it| it.unwrap().into_path()).collect();
    files.sort();
    for file in files {
        let sql = std::fs::read_to_string(&file).unwrap();
        for statement in palisade_sql::split(&sql).unwrap() {
            batch(connection, statement.text).await.unwrap_or_else(|error| panic!("{file}: {error}"));
        }
    }
}

/// The first column of the last row, as text.
pub(crate) async fn ask(connection: &mut Connection, sql: &str) -> Result<String, palisade_db::DbError> {
    match batch(connection, sql).await {
        Ok(done) => Ok(done.rows.last().map_or_else(String::new, |row| row.get_unchecked::<String, _>(0))),
        Err(failed) => {
            batch(connection, "rollback").await.unwrap();
            Err(failed.error)
        }
    }
}

/// How many transactions of the database were rolled back.
pub(crate) async fn rolled_back(watcher: &mut Connection) -> u64 {
    let sql = "select pg_stat_clear_snapshot();
        select xact_rollback::text from pg_stat_database where datname = current_database()";
    ask(watcher, sql).await.unwrap().parse().unwrap()
}

pub(crate) fn script(files: &[(&str, &str)]) -> PolicyScript {
    let file = |(path, sql): &(&str, &str)| PolicyFile { path: (*path).into(), sql: (*sql).to_owned() };
    PolicyScript::from_files(files.iter().map(file).collect()).unwrap()
}

pub(crate) fn approve(identity: &palisade_plan::TargetIdentity, step: RowSecurityStep) -> ApprovedPlan {
    let plan = Plan {
        target: Target {
            environment: "dev".to_owned(),
            protected: false,
            identity: identity.clone(),
            protected_by: Vec::new(),
        },
        expects: Expectation { applied: Vec::new(), catalog: None },
        steps: vec![Step::RowSecurity(step)],
    };
    plan.approve(&[], &Answer::None).unwrap()
}

pub(crate) fn lines(applied: &Applied) -> String {
    applied.changes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
