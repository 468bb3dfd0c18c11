//! What a command works with.

use crate::{CommandError, ConnectionArgs, GlobalArgs, Printer, Prompt, Selection};
use camino::Utf8Path;
use palisade_config::{ConfigError, Project, Variables, load, load_alone};
use palisade_db::{Connection, batch};
use palisade_embedded::{EmbeddedSettings, Installation, installation};
use std::cell::Cell;

/// What a command works with: its options, the project, somebody to ask, somewhere to print.
#[derive(Debug)]
pub struct Context {
    /// Options of every command.
    pub global: GlobalArgs,
    /// For notes and progress; results are returned instead.
    pub printer: Printer,
    /// For decisions.
    pub prompt: Prompt,
    /// Whether `--env` was given, where leaving it out means something else than its default.
    pub(crate) env_named: bool,
    tree: clap::Command,
    /// Whether the warnings about the configuration are told.
    warned: Cell<bool>,
}

impl Context {
    pub(crate) fn new(global: GlobalArgs, printer: Printer, prompt: Prompt, tree: clap::Command) -> Self {
        Self { global, printer, prompt, env_named: false, tree, warned: Cell::new(false) }
    }

    /// The project: what `--project` names, else the one that the current directory lies in.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn project(&self) -> Result<Project, CommandError> {
        Ok(self.find_project()?)
    }

    pub(crate) fn find_project(&self) -> Result<Project, ConfigError> {
        Project::find(self.global.project.as_deref().unwrap_or(Utf8Path::new(".")))
    }

    /// The environment that `--env` names, with all its settings.
    ///
    /// # Errors
    ///
    /// Exit 2 when there is no such environment, exit 1 when its configuration is wrong.
    pub fn select(&self, flags: &ConnectionArgs) -> Result<Selection, CommandError> {
        let selection = self.select_by_name(&self.global.env, flags)?;
        if !self.warned.replace(true) {
            selection.environment.warnings.iter().for_each(|it| self.printer.warn(it));
        }
        Ok(selection)
    }

    pub(crate) fn select_by_name(&self, name: &str, flags: &ConnectionArgs) -> Result<Selection, CommandError> {
        let mut selection = self.select_alone(name, flags)?;
        let Selection { project, environment, variables } = &selection;
        selection.environment = load(project, &environment.name, variables, &flags.overrides())?;
        Ok(selection)
    }

    /// An environment that is not compared with the others: to be looked at only.
    pub(crate) fn select_alone(&self, name: &str, flags: &ConnectionArgs) -> Result<Selection, CommandError> {
        let project = self.project()?;
        let name = project.environment(name)?;
        let variables = Variables::read(&project, Some(&name))?;
        let environment = load_alone(&project, &name, &variables, &flags.overrides())?;
        tracing::info!(environment = %name, protected = environment.protected, project = %project.root, "environment");
        Ok(Selection { project, environment, variables })
    }

    /// Connects to the database of `--env`, around any pooler; the embedded server is started if that is the one. The
    /// session only reads if the environment, or the one whose database it says it is, is protected: what changes that goes through `db-push`.
    ///
    /// # Errors
    ///
    /// When there is no such environment, or its database cannot be connected to.
    pub async fn connect(&self) -> Result<Connection, CommandError> {
        let selection = self.select(&ConnectionArgs::default())?;
        let mut connection = selection.connect(&self.printer).await?;
        let belongs = connection.facts().target(&selection.environment).check_belongs();
        if selection.environment.protected || belongs.is_err() {
            batch(&mut connection, "set default_transaction_read_only = on").await?;
        }
        Ok(connection)
    }

    /// The Postgres programs that local servers run; fetched if none is installed.
    ///
    /// # Errors
    ///
    /// When there are none and none can be fetched.
    pub async fn installation(&self) -> Result<Installation, CommandError> {
        let project = self.project()?;
        let variables = Variables::read(&project, None)?;
        Ok(installation(&EmbeddedSettings::new(&project.root, &variables)).await?)
    }

    /// The whole command line, and the one word that a shell calls it by.
    pub(crate) fn tree(&self) -> (clap::Command, String) {
        let called = self.tree.get_bin_name().unwrap_or_default();
        // Nothing can be registered for two words; the installed program has the same commands.
        let program = if called.is_empty() || called.contains(' ') { "palisade" } else { called };
        let program = program.to_owned();
        (self.tree.clone().name(program.clone()).bin_name(program.clone()), program)
    }
}
