//! A project on disk with two databases, `dev` and a protected `prod`.

use std::fs;
use std::time::Duration;

use camino::Utf8PathBuf;
use palisade_backup::{CreateOptions, EngineChoice, Level, Recipients};
use palisade_config::{Environment, ExposeSecret as _, Overrides, Project, Variables, load};
use palisade_db::{ConnectSettings, Connection, Row, Session, batch, connect};
use palisade_embedded::EmbeddedSettings;
use palisade_embedded::ScratchDatabase;
use palisade_guard::{
    AllowedWidening, ApproveError, BackupInputs, DevState, ExecuteContext, ExecuteError, Executed, Inputs,
    ProposeError, Scope, approve, dev_state, execute, judge, lock_text, propose,
};
use palisade_migrator::{HistoryTables, Migration, OutOfOrder, Run, read_dir};
use palisade_plan::{Answer, GateVerdict, Plan};
use palisade_rls::{ApplySettings, Orphans, Personas, PolicyScript};
use palisade_store::{Location, S3Settings, Store};

pub(crate) struct Fixture {
    _directory: tempfile::TempDir,
    pub(crate) root: Utf8PathBuf,
    pub(crate) dev: ScratchDatabase,
    pub(crate) prod: ScratchDatabase,
    pub(crate) tables: HistoryTables,
    project: Project,
    variables: Variables,
    embedded: EmbeddedSettings,
    pub(crate) orphans: Orphans,
    /// Whether there is a lock file, and it is current.
    pub(crate) locked: bool,
    pub(crate) allowed: Vec<AllowedWidening>,
}

/// How far a push came.
#[derive(Debug)]
pub(crate) enum Stopped {
    Propose(ProposeError),
    Approve(Plan, ApproveError),
    Execute(ExecuteError),
}

impl std::fmt::Display for Stopped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Propose(error) => error.fmt(f),
            Self::Approve(_, error) => error.fmt(f),
            Self::Execute(error) => error.fmt(f),
        }
    }
}

impl Fixture {
    pub(crate) async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let root = Utf8PathBuf::from_path_buf(directory.path().to_owned()).unwrap();
        for name in ["config", "migrations", "rls"] {
            fs::create_dir(root.join(name)).unwrap();
        }
        for name in ["default", "dev", "prod"] {
            fs::write(root.join(format!("config/{name}.toml")), "").unwrap();
        }
        let (dev, prod) = (palisade_tests::supabase_database().await, palisade_tests::supabase_database().await);
        let (dev_url, prod_url) = (dev.tcp_url().expose(), prod.tcp_url().expose());
        let pairs = [("DATABASE_URL", dev_url.expose_secret()), ("PROD_DATABASE_URL", prod_url.expose_secret())];
        let variables = Variables::from_pairs(pairs);
        let project = Project::find(&root).unwrap();
        let (embedded, orphans) = (palisade_tests::settings(), Orphans::Keep);
        let it = Self {
            _directory: directory,
            root,
            dev,
            prod,
            tables: tables(),
            project,
            variables,
            embedded,
            orphans,
            locked: true,
            allowed: Vec::new(),
        };
        it.write("migrations/1_notes.sql", "create table notes (id int primary key, owner uuid);\n");
        it.write(
            "rls/public/notes.sql",
            "alter table notes enable row level security;\ngrant select on notes to authenticated;\n\
             drop policy if exists own on notes;\n\
             create policy own on notes for select to authenticated using (owner = (select auth.uid()));\n",
        );
        it
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn environment(&self, name: &str) -> Environment {
        let name = self.project.environment(name).unwrap();
        load(&self.project, &name, &self.variables, &Overrides::default()).unwrap()
    }

    fn files(&self) -> (Vec<Migration>, PolicyScript) {
        let migrations = read_dir(&self.root, &self.project.migrations_dir()).unwrap();
        (migrations, PolicyScript::read(&self.project.rls_dir()).unwrap())
    }

    pub(crate) async fn connect(&self, name: &str) -> Connection {
        let database = if name == "dev" { &self.dev } else { &self.prod };
        connect(&ConnectSettings::new(database.tcp_url().clone())).await.unwrap()
    }

    pub(crate) async fn query(&self, name: &str, sql: &str) -> Vec<String> {
        let mut connection = self.connect(name).await;
        let done = batch(&mut connection, sql).await.unwrap();
        let text =
            |row: &palisade_db::PgRow| row.try_get_unchecked::<Option<String>, _>(0).unwrap().unwrap_or_default();
        done.rows.iter().map(text).collect()
    }

    pub(crate) async fn propose(&self, name: &str) -> Result<Plan, ProposeError> {
        let (environment, (migrations, policies)) = (self.environment(name), self.files());
        let inputs = self.inputs(&environment, &migrations, &policies);
        propose(&mut self.connect(name).await, &inputs).await
    }

    fn inputs<'a>(
        &'a self,
        environment: &'a Environment,
        migrations: &'a [Migration],
        policies: &'a PolicyScript,
    ) -> Inputs<'a> {
        Inputs {
            environment,
            tables: &self.tables,
            migrations,
            policies,
            out_of_order: OutOfOrder::Refuse,
            scope: Scope::All,
            lock: None,
            allowed_widening: &self.allowed,
            orphans: self.orphans,
            embedded: &self.embedded,
        }
    }

    /// A whole push, as the command does it.
    pub(crate) async fn push(&self, name: &str, answer: impl FnOnce(&Plan) -> Answer) -> Result<Executed, Stopped> {
        self.push_with(name, answer, async || ()).await
    }

    /// The same, with something that happens between approval and execution.
    pub(crate) async fn push_with(
        &self,
        name: &str,
        answer: impl FnOnce(&Plan) -> Answer,
        between: impl AsyncFnOnce(),
    ) -> Result<Executed, Stopped> {
        let (environment, (migrations, policies)) = (self.environment(name), self.files());
        let inputs = self.inputs(&environment, &migrations, &policies);
        let connection = self.connect(name).await;
        let mut session = Session::acquire(connection, Duration::from_secs(10), |_| ()).await.unwrap();
        let plan = propose(session.connection(), &inputs).await.map_err(Stopped::Propose)?;
        let mut verdicts = self.verdicts(&mut session, &plan, &inputs).await;
        let answer = answer(&plan);
        let options = self.backup_options(&environment);
        let backup =
            BackupInputs { options: &options, verify: Some(Level::Contents), identities: None, progress: &mut |_| () };
        let backup = environment.protected.then_some(backup);
        let (approved, _) = approve(plan.clone(), &mut verdicts, &answer, backup)
            .await
            .map_err(|error| Stopped::Approve(plan, error))?;
        between().await;
        let run = Run {
            id: format!("{:?}", std::time::SystemTime::now()),
            who: "tester@here".to_owned(),
            commit: Some("c0ffee".to_owned()),
            reconnect: Duration::from_secs(5),
        };
        let row_security = ApplySettings::default();
        let (tables, schemas, personas) = (&self.tables, &environment.schemas, &Personas::usual());
        let context = ExecuteContext { tables, schemas, run: &run, personas, row_security };
        execute(&mut session, &approved, context, &mut |_| ()).await.map_err(Stopped::Execute)
    }

    async fn verdicts(&self, session: &mut Session, plan: &Plan, inputs: &Inputs<'_>) -> Vec<GateVerdict> {
        if !inputs.environment.protected {
            return Vec::new();
        }
        let lock = if self.locked { Some(lock_text(inputs).await.unwrap()) } else { None };
        let inputs = &Inputs { lock: lock.as_deref(), ..*inputs };
        let dev: DevState = dev_state(&mut self.connect("dev").await, &self.tables).await.unwrap();
        judge(session.connection(), plan, inputs, &dev, &palisade_tests::settings()).await
    }

    pub(crate) fn backup_options(&self, environment: &Environment) -> CreateOptions {
        CreateOptions {
            store: self.store(),
            engine: EngineChoice::Fitting,
            jobs: 2,
            compression: 1,
            recipients: Recipients::default(),
            environment: environment.name.clone(),
            connect: ConnectSettings::new(self.prod.tcp_url().clone()),
            history: environment.history_table.clone(),
            embedded: palisade_tests::settings(),
        }
    }

    pub(crate) fn store(&self) -> Store {
        Store::open(&Location::Directory(self.root.join("backups")), &S3Settings::default(), |_| None).unwrap()
    }

    /// How many backups there are that were verified.
    pub(crate) async fn backups(&self) -> usize {
        let entries = palisade_backup::list(&self.store()).await.unwrap();
        entries.iter().filter(|it| it.verified_level() == Some(2)).count()
    }
}

fn tables() -> HistoryTables {
    let table = palisade_config::HistoryTable { schema: "palisade".to_owned(), name: "migrations".to_owned() };
    HistoryTables::new(&table).unwrap()
}

pub(crate) fn digest(plan: &Plan) -> Answer {
    Answer::Digest(plan.digest().short().to_owned())
}
