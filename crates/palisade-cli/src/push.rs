//! The road of every change: a plan, its gates, an approval, its execution. The guard decides; this shows and asks.

mod approval;
mod backup;
mod show;

use crate::arguments::WriteArgs;
use crate::backups::StoreArgs;
use crate::{CommandError, Context, Outcome, Printer, Selection};
use palisade_backup::Manifest;
use palisade_db::{Connection, Pooling, Session, connect};
use palisade_embedded::EmbeddedSettings;
use palisade_guard::{
    AllowedWidening, DevState, ExecuteContext, Executed, Inputs, Progress, Scope, dev_state, execute,
    execute_row_security, judge, propose,
};
use palisade_migrator::{HistoryTables, Migration, OutOfOrder, Run, read_dir};
use palisade_plan::{ApprovedPlan, GateVerdict, Plan};
use palisade_rls::{ApplySettings, Orphans, Personas, PolicyScript};
use std::fmt::Write as _;
use std::time::Duration;

pub(crate) use approval::{approve, run};
pub(crate) use show::{Detail, describe, orphans, plan_data, plan_text, read_on};

/// How long a push tries to reach the server again when the connection broke: long enough for a failover, short enough
/// for somebody who waits.
const RECONNECT: Duration = Duration::from_secs(15);

/// The project's files, and how they are to be brought to the database.
pub(crate) struct Road<'a> {
    pub(crate) selection: &'a Selection,
    pub(crate) tables: HistoryTables,
    pub(crate) migrations: Vec<Migration>,
    pub(crate) policies: PolicyScript,
    pub(crate) personas: Personas,
    pub(crate) orphans: Orphans,
    lock: Option<String>,
    allowed_widening: Vec<AllowedWidening>,
    embedded: EmbeddedSettings,
    pub(crate) scope: Scope,
    pub(crate) out_of_order: OutOfOrder,
}

/// A plan with what the gates say.
pub(crate) struct Judged {
    pub(crate) plan: Plan,
    pub(crate) verdicts: Vec<GateVerdict>,
}

/// What a push did.
pub(crate) struct Pushed {
    pub(crate) plan: Plan,
    pub(crate) executed: Executed,
    pub(crate) backup: Option<Manifest>,
}

impl<'a> Road<'a> {
    /// Reads the files of the project.
    pub(crate) fn new(selection: &'a Selection, scope: Scope) -> Result<Self, CommandError> {
        let project = &selection.project;
        Ok(Self {
            selection,
            tables: HistoryTables::new(&selection.environment.history_table)?,
            migrations: read_dir(&project.root, &project.migrations_dir())?,
            policies: PolicyScript::read(&project.rls_dir())?,
            personas: Personas::read(&project.rls_dir().join("personas.toml"))?,
            orphans: Orphans::Keep,
            lock: read_lock(project)?,
            allowed_widening: Vec::new(),
            embedded: selection.embedded(),
            scope,
            out_of_order: OutOfOrder::Refuse,
        })
    }

    pub(crate) fn out_of_order(self, allowed: bool) -> Self {
        let out_of_order = if allowed { OutOfOrder::Allow } else { OutOfOrder::Refuse };
        Self { out_of_order, ..self }
    }

    pub(crate) fn allow_widening(self, allowed_widening: Vec<AllowedWidening>) -> Self {
        Self { allowed_widening, ..self }
    }

    pub(crate) fn orphans(self, orphans: Orphans) -> Self {
        Self { orphans, ..self }
    }

    pub(crate) fn inputs(&self) -> Inputs<'_> {
        Inputs {
            environment: &self.selection.environment,
            tables: &self.tables,
            migrations: &self.migrations,
            policies: &self.policies,
            out_of_order: self.out_of_order,
            scope: self.scope,
            orphans: self.orphans,
            lock: self.lock.as_deref(),
            allowed_widening: &self.allowed_widening,
            embedded: &self.embedded,
        }
    }

    /// The plan, and for a protected environment what its gates say. Writes nothing.
    pub(crate) async fn plan(&self, context: &Context, connection: &mut Connection) -> Result<Judged, CommandError> {
        let plan = propose(connection, &self.inputs()).await?;
        if let Some(step) = plan.row_security() {
            read_on(&context.printer, &step.read_on);
        }
        tracing::info!(steps = plan.steps.len(), digest = plan.digest().short(), "planned");
        let verdicts = self.judge(context, connection, &plan).await?;
        Ok(Judged { plan, verdicts })
    }

    /// Shows the plan and does nothing else; not even the local server is started.
    pub(crate) async fn dry_run(&self, context: &Context) -> Result<Outcome, CommandError> {
        let mut connection = self.selection.connect_to_look().await?;
        let Judged { plan, verdicts } = self.plan(context, &mut connection).await?;
        connection.close().await;
        Ok(Outcome::done(plan_text(&plan, &verdicts)).data(plan_data(&plan, &verdicts)))
    }

    async fn judge(
        &self,
        context: &Context,
        connection: &mut Connection,
        plan: &Plan,
    ) -> Result<Vec<GateVerdict>, CommandError> {
        if !plan.target.protected || plan.steps.is_empty() || plan.gates().is_empty() {
            return Ok(Vec::new());
        }
        context.printer.note("Trying the gates");
        let dev = self.dev(context).await;
        Ok(judge(connection, plan, &self.inputs(), &dev, &self.selection.embedded()).await)
    }

    /// What is applied in `dev`. It is only asked: a server that does not run is not started for it.
    async fn dev(&self, context: &Context) -> DevState {
        let ask = async {
            let dev = context.select_by_name("dev", &crate::ConnectionArgs::default())?;
            let Some(settings) = dev.look().await? else {
                return Err(CommandError::failed("not-running", "its local server does not run"));
            };
            let tables = HistoryTables::new(&dev.environment.history_table)?;
            let mut connection = connect(&settings).await?;
            let state = dev_state(&mut connection, &tables).await?;
            connection.close().await;
            Ok::<_, CommandError>(state)
        };
        ask.await.unwrap_or_else(|error| DevState::Unknown { reason: error.message })
    }

    /// The whole road. Where nothing is to be done, nothing is asked and nothing written.
    pub(crate) async fn push(
        &self,
        context: &Context,
        write: &WriteArgs,
        approval: Option<&str>,
    ) -> Result<Pushed, CommandError> {
        if self.selection.environment.protected {
            // The lock is taken after the approval: who reads a plan keeps nobody else waiting. That nothing has changed
            // since is checked in the transaction that applies it.
            let mut connection = self.selection.connect(&context.printer).await?;
            let judged = self.plan(context, &mut connection).await?;
            connection.close().await;
            let (plan, approved, backup) = Box::pin(self.approve(context, judged, approval)).await?;
            let Some(approved) = approved else { return Ok(Pushed::nothing(plan)) };
            if let Some(mut connection) = self.pooled(context).await? {
                let executed = self.secure(&mut connection, &approved).await?;
                connection.close().await;
                return Ok(Pushed { plan, executed, backup });
            }
            let mut session = self.selection.session(&context.printer, write.wait).await?;
            let executed = self.execute(&mut session, &approved, &context.printer).await?;
            session.release().await?.close().await;
            return Ok(Pushed { plan, executed, backup });
        }
        if let Some(mut connection) = self.pooled(context).await? {
            let judged = self.propose_here(context, &mut connection, &self.inputs()).await?;
            let (plan, approved, backup) = Box::pin(self.approve(context, judged, None)).await?;
            let Some(approved) = approved else { return Ok(Pushed::nothing(plan)) };
            let executed = self.secure(&mut connection, &approved).await?;
            connection.close().await;
            return Ok(Pushed { plan, executed, backup });
        }
        let mut session = self.selection.session(&context.printer, write.wait).await?;
        let pushed = self.push_within(context, &mut session).await?;
        session.release().await?.close().await;
        Ok(pushed)
    }

    /// The road of an environment that nothing protects, for commands that have more to do under the same lock.
    ///
    /// Nobody approves what row security will be, so that it is read from the files only once the migrations are applied: they
    /// run here first, and not on a throwaway database.
    pub(crate) async fn push_within(&self, context: &Context, session: &mut Session) -> Result<Pushed, CommandError> {
        if self.scope != Scope::All {
            return self.push_part(context, session, self.scope).await;
        }
        let mut pushed = self.push_part(context, session, Scope::Migrations).await?;
        let secured = self.push_part(context, session, Scope::RowSecurity).await.map_err(|mut error| {
            let files: Vec<&str> = pushed.executed.migrations.iter().map(|it| it.file.as_str()).collect();
            if !files.is_empty() {
                let _ = write!(error.message, "\napplied before it, and staying: {}", files.join(", "));
            }
            error
        })?;
        pushed.plan.steps.extend(secured.plan.steps);
        let Executed { migrations: _, row_security, orphans } = secured.executed;
        pushed.executed = Executed { row_security, orphans, ..pushed.executed };
        Ok(pushed)
    }

    async fn push_part(&self, context: &Context, session: &mut Session, scope: Scope) -> Result<Pushed, CommandError> {
        let inputs = Inputs { scope, ..self.inputs() };
        let judged = self.propose_here(context, session.connection(), &inputs).await?;
        let (plan, approved, backup) = Box::pin(self.approve(context, judged, None)).await?;
        let Some(approved) = approved else { return Ok(Pushed::nothing(plan)) };
        let executed = self.execute(session, &approved, &context.printer).await?;
        Ok(Pushed { plan, executed, backup })
    }

    /// A plan for an environment that nothing protects. That the address leads elsewhere matters more than what is wrong with the
    /// files there.
    async fn propose_here(
        &self,
        context: &Context,
        connection: &mut Connection,
        inputs: &Inputs<'_>,
    ) -> Result<Judged, CommandError> {
        let plan = propose(connection, inputs).await;
        if plan.as_ref().is_ok_and(|it| it.steps.is_empty()) {
            return Ok(Judged { plan: plan?, verdicts: Vec::new() });
        }
        self.selection.refuse_other_environment(context, connection).await?;
        Ok(Judged { plan: plan?, verdicts: Vec::new() })
    }

    /// Shows the plan and asks for the approval that it needs. `None` when there is nothing to approve.
    pub(crate) async fn approve(
        &self,
        context: &Context,
        judged: Judged,
        approval: Option<&str>,
    ) -> Result<(Plan, Option<ApprovedPlan>, Option<Manifest>), CommandError> {
        approval::approve(context, self.selection, &StoreArgs::default(), judged, approval).await
    }

    pub(crate) async fn execute(
        &self,
        session: &mut Session,
        approved: &ApprovedPlan,
        printer: &Printer,
    ) -> Result<Executed, CommandError> {
        let run = self.run();
        let context = self.execute_context(&run);
        let mut progress = |it: Progress<'_>| show::progress(printer, &it);
        Ok(execute(session, approved, context, &mut progress).await?)
    }

    /// The connection, if only row security is pushed and a pooler in transaction mode is in between: it needs no session. That a
    /// database is protected is written down with one, so that the first push of a protected environment needs a direct address.
    async fn pooled(&self, context: &Context) -> Result<Option<Connection>, CommandError> {
        if self.scope != Scope::RowSecurity {
            return Ok(None);
        }
        let mut connection = self.selection.connect(&context.printer).await?;
        let environment = &self.selection.environment;
        let target = connection.facts().target(environment);
        target.check_belongs().map_err(palisade_plan::ProtectedError::Database)?;
        let noted = !environment.protected || target.protected_by.contains(&target.environment);
        if noted && connection.pooling().await? == Pooling::Transaction {
            return Ok(Some(connection));
        }
        connection.close().await;
        Ok(None)
    }

    async fn secure(&self, connection: &mut Connection, approved: &ApprovedPlan) -> Result<Executed, CommandError> {
        Ok(execute_row_security(connection, approved, self.execute_context(&self.run())).await?)
    }

    fn execute_context<'r>(&'r self, run: &'r Run) -> ExecuteContext<'r> {
        let environment = &self.selection.environment;
        ExecuteContext {
            tables: &self.tables,
            schemas: &environment.schemas,
            run,
            personas: &self.personas,
            row_security: ApplySettings { lock_timeout: environment.lock_timeout, ..ApplySettings::default() },
        }
    }

    /// Who runs, for the history.
    pub(crate) fn run(&self) -> Run {
        approval::run(self.selection)
    }
}

/// What `rls/access.lock` says; none if there is no such file.
fn read_lock(project: &palisade_config::Project) -> Result<Option<String>, CommandError> {
    let path = crate::commands::rls::lock::lock_file(project);
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(CommandError::failed("read", format!("`{path}` cannot be read: {error}"))),
    }
}

impl Pushed {
    fn nothing(plan: Plan) -> Self {
        Self { plan, executed: Executed::default(), backup: None }
    }
}

impl Selection {
    /// A connection for a dry run: nothing is started, because that would write files.
    pub(crate) async fn connect_to_look(&self) -> Result<Connection, CommandError> {
        match self.look().await? {
            Some(settings) => Ok(connect(&settings).await?),
            None => {
                Err(CommandError::failed("not-running", "the local server does not run, and a dry run starts nothing")
                    .help("run `cargo xtask db-start` first"))
            }
        }
    }
}
