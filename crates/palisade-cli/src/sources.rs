//! From what is written behind `--from` and `--to` to catalogs.

use crate::{CommandError, ConnectionArgs, Context};
use camino::Utf8PathBuf;
use palisade_catalog::Catalog;
use palisade_config::{ConfigError, HistoryTable, Project, Variables};
use palisade_db::ConnectSettings;
use palisade_source::{Source, read_live, read_snapshot};

/// A source whose place is known.
#[derive(Debug)]
pub(crate) struct Side {
    /// As people write it.
    pub(crate) label: String,
    pub(crate) input: Input,
    /// Whether it is the database of a protected environment.
    pub(crate) protected: bool,
}

/// What a catalog is made from.
#[derive(Debug)]
pub(crate) enum Input {
    Live(Box<ConnectSettings>),
    Snapshot(Utf8PathBuf),
}

/// What is known of the project, if there is one: databases can be compared anywhere.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) project: Option<Project>,
    pub(crate) variables: Variables,
    pub(crate) history: Option<HistoryTable>,
}

impl Place {
    pub(crate) fn here(context: &Context) -> Result<Self, CommandError> {
        match context.find_project() {
            Ok(project) => {
                let variables = Variables::read(&project, None)?;
                Ok(Self { project: Some(project), variables, history: None })
            }
            Err(ConfigError::NoProject { .. }) if context.global.project.is_none() => {
                Ok(Self { project: None, variables: Variables::process(), history: None })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Finds out where a source is. Environments may start the local server.
    pub(crate) async fn side(
        &mut self,
        context: &Context,
        text: &str,
        connection: &ConnectionArgs,
    ) -> Result<Side, CommandError> {
        let source: Source = text.parse()?;
        let label = source.to_string();
        let plain = |input| Side { label: label.clone(), input, protected: false };
        match source {
            Source::Environment(name) => {
                let selection = context.select_by_name(&name, connection)?;
                let settings = selection.reach(&context.printer).await?;
                self.history = Some(selection.environment.history_table.clone());
                let input = Input::Live(Box::new(settings));
                Ok(Side { protected: selection.environment.protected, ..plain(input) })
            }
            Source::Variable(name) => {
                let Some(value) = self.variables.get(&name) else {
                    let message = format!("the variable `{name}`, which `{label}` names, is not set");
                    return Err(CommandError::failed("no-url", message)
                        .help(format!("set `{name}` to a URL that begins with `postgres://`")));
                };
                let url = value.trim().parse().map_err(|error: palisade_config::UrlError| {
                    CommandError::failed(
                        "bad-url",
                        format!("the variable `{name}` holds no URL of a database: {error}"),
                    )
                    .help(error.help())
                })?;
                Ok(plain(live(url, connection)))
            }
            Source::Url(url) => Ok(plain(live(*url, connection))),
            Source::Snapshot(path) => Ok(plain(Input::Snapshot(path))),
            Source::Directory(_) | Source::Migrations | Source::Schema | Source::Empty => {
                Err(CommandError::failed("not-yet", format!("`{label}` cannot be read yet")))
            }
        }
    }
}

fn live(url: palisade_config::DatabaseUrl, connection: &ConnectionArgs) -> Input {
    let mut settings = ConnectSettings::new(url);
    connection.apply(&mut settings);
    Input::Live(Box::new(settings))
}

impl Side {
    /// Reads it.
    pub(crate) async fn read(&self) -> Result<Catalog, CommandError> {
        let read = match &self.input {
            Input::Live(settings) => read_live(settings).await.map_err(CommandError::from),
            Input::Snapshot(path) => read_snapshot(path).map_err(CommandError::from),
        };
        read.map_err(|mut error| {
            error.message = format!("{}: {}", self.label, error.message);
            error
        })
    }
}
