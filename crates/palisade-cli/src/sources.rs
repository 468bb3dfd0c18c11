//! From what is written behind `--from` and `--to` to catalogs.

use crate::{CommandError, ConnectionArgs, Context};
use camino::{Utf8Path, Utf8PathBuf};
use palisade_catalog::Catalog;
use palisade_config::{ConfigError, DatabaseUrl, HistoryTable, Project, Variables};
use palisade_db::ConnectSettings;
use palisade_embedded::{EmbeddedSettings, GrantRegime, Layer};
use palisade_migrator::{Migration, read_dir};
use palisade_source::{
    Base, Blueprint, Source, Workbench, grant_regime, is_supabase, made_by, read_directory, read_live, read_snapshot,
    usual_owner,
};

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
    There(There),
    Made(Blueprint),
}

/// A catalog that is there without us.
#[derive(Debug)]
pub(crate) enum There {
    Live(Box<ConnectSettings>),
    Snapshot(Utf8PathBuf),
}

/// What is known of the project, if there is one: databases can be compared anywhere.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) project: Option<Project>,
    pub(crate) history: Option<HistoryTable>,
    /// Where files become catalogs.
    pub(crate) embedded: EmbeddedSettings,
    /// A server that lends databases in place of the scratch server.
    pub(crate) shadow: Option<ConnectSettings>,
    variables: Variables,
    grants: Option<GrantRegime>,
    pub(crate) schema_source: Option<String>,
}

impl Place {
    pub(crate) fn here(context: &Context, connection: &ConnectionArgs) -> Result<Self, CommandError> {
        match context.find_project() {
            Ok(project) => {
                let selection = context.select(connection)?;
                let environment = &selection.environment;
                Ok(Self {
                    project: Some(project),
                    history: Some(environment.history_table.clone()),
                    embedded: selection.embedded(),
                    shadow: None,
                    grants: Some(environment.supabase.grants),
                    schema_source: Some(environment.schema_source.clone()),
                    variables: selection.variables,
                })
            }
            Err(ConfigError::NoProject { .. }) if context.global.project.is_none() => {
                let variables = Variables::process();
                let embedded = EmbeddedSettings::new(Utf8Path::new("."), &variables);
                let (project, history, shadow, grants, schema_source) = (None, None, None, None, None);
                Ok(Self { project, history, embedded, shadow, variables, grants, schema_source })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Lets the server of an environment lend databases: `--shadow env:NAME`.
    pub(crate) async fn lend(
        &mut self,
        context: &Context,
        shadow: Option<&str>,
        connection: &ConnectionArgs,
    ) -> Result<(), CommandError> {
        let Some(text) = shadow else { return Ok(()) };
        let side = self.side(context, text, connection).await?;
        if side.protected {
            let message = format!("`{text}` is protected: it lends no databases");
            return Err(CommandError::refused("protected", message).help("name another environment"));
        }
        let Input::There(There::Live(settings)) = side.input else {
            return Err(CommandError::usage("bad-source", format!("`--shadow {text}` is no server"))
                .help("`--shadow` takes `env:NAME`, `url:VARIABLE` or a `postgres://` URL"));
        };
        self.shadow = Some(*settings);
        Ok(())
    }

    /// Finds out where a source is. Environments may start the local server.
    pub(crate) async fn side(
        &self,
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
                let input = Input::There(There::Live(Box::new(selection.reach(&context.printer).await?)));
                Ok(Side { protected: selection.environment.protected, ..plain(input) })
            }
            Source::Variable(name) => Ok(plain(live(self.url(&label, &name)?, connection))),
            Source::Url(url) => Ok(plain(live(*url, connection))),
            Source::Directory(path) => Ok(plain(Input::Made(files(Utf8Path::new(""), &path)?))),
            Source::Migrations => Ok(plain(Input::Made(Blueprint::Layers(layers(&self.migrations(&label)?))))),
            Source::Schema => Ok(Side { label, ..self.schema(context, connection).await? }),
            Source::Snapshot(path) => Ok(plain(Input::There(There::Snapshot(path)))),
            Source::Empty => Ok(plain(Input::Made(Blueprint::Layers(Vec::new())))),
        }
    }

    /// What the project says the schema should be.
    pub(crate) async fn schema(&self, context: &Context, connection: &ConnectionArgs) -> Result<Side, CommandError> {
        let (Some(project), Some(text)) = (&self.project, &self.schema_source) else {
            return Err(no_project("schema"));
        };
        let wrong = |error: CommandError| CommandError {
            message: format!("`schema-source` in the configuration: {}", error.message),
            ..error
        };
        match text.parse::<Source>().map_err(|it| wrong(it.into()))? {
            Source::Schema => {
                Err(CommandError::failed("bad-config", "`schema-source` in the configuration means itself")
                    .help("for example `schema-source = \"dir:schema\"`"))
            }
            // Relative to the project, wherever the command runs.
            Source::Directory(path) => {
                let input =
                    Input::Made(files(&project.root, &project.root.join(path)).map_err(|it| no_schema(it, text))?);
                Ok(Side { label: text.clone(), input, protected: false })
            }
            Source::Snapshot(path) => Ok(Side {
                label: text.clone(),
                input: Input::There(There::Snapshot(project.root.join(path))),
                protected: false,
            }),
            _ => Box::pin(self.side(context, text, connection)).await.map_err(wrong),
        }
    }

    /// The project's migrations.
    pub(crate) fn migrations(&self, label: &str) -> Result<Vec<Migration>, CommandError> {
        let project = self.project.as_ref().ok_or_else(|| no_project(label))?;
        let directory = project.migrations_dir();
        // Before the first migration there is no directory.
        if directory.exists() { Ok(read_dir(&project.root, &directory)?) } else { Ok(Vec::new()) }
    }

    fn url(&self, label: &str, name: &str) -> Result<DatabaseUrl, CommandError> {
        let Some(value) = self.variables.get(name) else {
            let message = format!("the variable `{name}`, which `{label}` names, is not set");
            return Err(CommandError::failed("no-url", message)
                .help(format!("set `{name}` to a URL that begins with `postgres://`")));
        };
        value.trim().parse().map_err(|error: palisade_config::UrlError| {
            CommandError::failed("bad-url", format!("the variable `{name}` holds no URL of a database: {error}"))
                .help(error.help())
        })
    }

    /// Where files become catalogs that can be compared with `live`: the same version, with what Supabase brings if it has
    /// that. Without it, as the project says.
    pub(crate) fn workbench(&self, live: Option<&Catalog>) -> Workbench {
        let base = match (live, self.grants) {
            (Some(live), _) if is_supabase(live) => Base::Supabase(grant_regime(live)),
            (Some(_), _) | (None, None) => Base::Plain,
            (None, Some(grants)) => Base::Supabase(grants),
        };
        let workbench = Workbench::new(self.embedded.clone(), base).on(self.shadow.clone());
        match live {
            Some(live) => workbench.like(live.server.version / 10_000),
            None => workbench,
        }
    }

    /// Reads both sides, at the same time where that can be: files are loaded into a database like the other side's.
    pub(crate) async fn read(&self, from: &Side, to: &Side) -> Result<(Catalog, Catalog), CommandError> {
        match (&from.input, &to.input) {
            (Input::Made(left), Input::Made(right)) => self.make(from, left, to, right).await,
            (Input::Made(left), Input::There(right)) => {
                let right = to.read(right).await?;
                let left = self.workbench(Some(&right)).catalog(left).await.map_err(|it| from.failed(it))?;
                Ok((as_if_made_by(left, &right), right))
            }
            (Input::There(left), Input::Made(right)) => {
                let left = from.read(left).await?;
                let right = self.workbench(Some(&left)).catalog(right).await.map_err(|it| to.failed(it))?;
                let right = as_if_made_by(right, &left);
                Ok((left, right))
            }
            (Input::There(left), Input::There(right)) => tokio::try_join!(from.read(left), to.read(right)),
        }
    }

    async fn make(
        &self,
        from: &Side,
        left: &Blueprint,
        to: &Side,
        right: &Blueprint,
    ) -> Result<(Catalog, Catalog), CommandError> {
        let both = async |workbench: &Workbench| {
            let left = async { workbench.catalog(left).await.map_err(|it| from.failed(it)) };
            let right = async { workbench.catalog(right).await.map_err(|it| to.failed(it)) };
            tokio::try_join!(left, right)
        };
        match both(&self.workbench(None)).await {
            // Without a project nobody says whether the files are meant for Supabase; they know.
            Err(error) if self.project.is_none() => {
                let supabase = Workbench::new(self.embedded.clone(), Base::Supabase(GrantRegime::After));
                both(&supabase.on(self.shadow.clone())).await.map_err(|_| error)
            }
            made => made,
        }
    }
}

impl Side {
    /// Reads what is there without us.
    pub(crate) async fn read(&self, there: &There) -> Result<Catalog, CommandError> {
        let read = match there {
            There::Live(settings) => read_live(settings).await.map_err(CommandError::from),
            There::Snapshot(path) => read_snapshot(path).map_err(CommandError::from),
        };
        read.map_err(|it| self.failed(it))
    }

    /// An error, with the side that it is about.
    pub(crate) fn failed(&self, error: impl Into<CommandError>) -> CommandError {
        let error = error.into();
        CommandError { message: format!("`{}`: {}", self.label, error.message), ..error }
    }
}

/// The migrations as layers of a scratch database.
pub(crate) fn layers(migrations: &[Migration]) -> Vec<Layer> {
    let layer = |it: &Migration| Layer {
        name: it.up.file.clone(),
        sql: it.up.sql.clone(),
        transactional: it.up.is_transactional(),
    };
    migrations.iter().map(layer).collect()
}

fn files(root: &Utf8Path, path: &Utf8Path) -> Result<Blueprint, CommandError> {
    Ok(Blueprint::Files(read_directory(root, path)?))
}

fn live(url: DatabaseUrl, connection: &ConnectionArgs) -> Input {
    let mut settings = ConnectSettings::new(url);
    connection.apply(&mut settings);
    Input::There(There::Live(Box::new(settings)))
}

fn as_if_made_by(made: Catalog, live: &Catalog) -> Catalog {
    let owner = usual_owner(live).unwrap_or_else(|| live.server.user.clone());
    made_by(made, &owner)
}

fn no_project(what: &str) -> CommandError {
    CommandError::usage("no-project", format!("`{what}` means files of a project, and there is no project here"))
        .help("run the command inside a project, or name one with `--project DIR`")
}

fn no_schema(error: CommandError, source: &str) -> CommandError {
    error.help(format!(
        "`schema-source` in the configuration is `{source}`: SQL files that say what the schema should be; \
         `cargo xtask db-pull --from migrations` writes them from the migrations that are there"
    ))
}
