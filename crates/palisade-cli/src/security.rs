//! From what is written behind `--from` to the facts about row security, and which part of them a command is about.

use crate::sources::{Input, Place, Side, There};
use crate::{CommandError, ConnectionArgs, Context};
use palisade_config::LintSettings;
use palisade_db::{ConnectSettings, connect};
use palisade_embedded::Layer;
use palisade_policy::{Facts, Oid, Relation, managed_relations};
use palisade_rls::{PolicyScript, read_facts};
use palisade_source::{Blueprint, Temporary};
use std::collections::BTreeSet;

/// Where commands of `rls` look.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct LookArgs {
    /// Where to look: a source as `db-diff` takes it; `migrations` and `schema` with the policies of `rls/` on top
    /// [default: the database of `--env`]
    #[arg(long, value_name = "SOURCE")]
    pub(crate) from: Option<String>,

    /// Let the server of this environment lend a database for files, if it has extensions that this machine does not
    #[arg(long, value_name = "env:NAME")]
    pub(crate) shadow: Option<String>,

    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

/// What was found, and which part of it is the project's.
#[derive(Debug)]
pub(crate) struct Looked {
    /// Everything that decides.
    pub(crate) facts: Facts,
    /// Where it was found, as people write it.
    pub(crate) label: String,
    /// The project's schemas; none without a project.
    schemas: Option<Vec<String>>,
    history: Option<(String, String)>,
    /// The roles of the application.
    roles: Vec<String>,
    /// Which findings count, and how much.
    pub(crate) lint: LintSettings,
}

/// The roles of Supabase's API, where no project says otherwise.
const API_ROLES: [&str; 3] = ["anon", "authenticated", "service_role"];

impl LookArgs {
    /// Reads the facts.
    pub(crate) async fn look(&self, context: &Context) -> Result<Looked, CommandError> {
        let source = self.from.clone().unwrap_or_else(|| format!("env:{}", context.global.env));
        look(context, &source, self).await
    }
}

/// Reads the facts of one source.
pub(crate) async fn look(context: &Context, source: &str, args: &LookArgs) -> Result<Looked, CommandError> {
    let mut place = Place::here(context, &args.connection)?;
    place.lend(context, args.shadow.as_deref(), &args.connection).await?;
    let side = place.side(context, source, &args.connection).await?;
    let facts = facts(&place, &side).await?;
    let (schemas, roles, lint) = match &place.project {
        Some(_) => {
            let environment = context.select(&args.connection)?.environment;
            // Another database is not divided into schemas that this project manages and others.
            let ours = source.starts_with("env:") || ["migrations", "schema"].contains(&source);
            (ours.then_some(environment.schemas), environment.roles, environment.lint)
        }
        None => (None, API_ROLES.map(str::to_owned).to_vec(), LintSettings::default()),
    };
    let history = place.history.map(|it| (it.schema, it.name));
    Ok(Looked { facts, label: side.label, schemas, history, roles, lint })
}

async fn facts(place: &Place, side: &Side) -> Result<Facts, CommandError> {
    match &side.input {
        Input::There(There::Live(settings)) => read(settings).await.map_err(|it| side.failed(it)),
        Input::There(There::Snapshot(path)) => {
            let message = format!("`{path}` holds a catalog, and row security is told from the database itself");
            Err(CommandError::usage("bad-source", message).help("name the database, or `dir:PATH` with its files"))
        }
        Input::Made(blueprint) => {
            let database = made(place, side, blueprint).await?;
            let read = read(&database.settings()).await;
            let closed = database.close().await;
            let facts = read.map_err(|it| side.failed(it))?;
            closed.map_err(|it| side.failed(it))?;
            Ok(facts)
        }
    }
}

/// A database with what the files make. What the project says of its schema, it says of row security in `rls/`.
async fn made(place: &Place, side: &Side, blueprint: &Blueprint) -> Result<Temporary, CommandError> {
    let workbench = place.workbench(None);
    let policies = match &place.project {
        Some(project) if ["migrations", "schema"].contains(&side.label.as_str()) => {
            PolicyScript::read(&project.rls_dir())?.files().to_vec()
        }
        _ => Vec::new(),
    };
    let policies: Vec<Layer> =
        policies.into_iter().map(|it| Layer { name: it.path.to_string(), sql: it.sql, transactional: true }).collect();
    match blueprint {
        Blueprint::Layers(migrations) => {
            let all: Vec<Layer> = migrations.iter().cloned().chain(policies).collect();
            workbench.database(&all).await.map_err(|it| side.failed(it))
        }
        Blueprint::Files(_) => {
            let (database, _) = workbench.made(blueprint).await.map_err(|it| side.failed(it))?;
            let run = async {
                let mut connection = database.connect().await.map_err(|it| side.failed(it))?;
                for layer in &policies {
                    palisade_db::batch(&mut connection, &layer.sql)
                        .await
                        .map_err(|it| side.failed(CommandError::failed("rls", format!("{}: {it}", layer.name))))?;
                }
                connection.close().await;
                Ok(())
            };
            match run.await {
                Ok(()) => Ok(database),
                Err(error) => {
                    // The first error says why.
                    let _ = database.close().await;
                    Err(error)
                }
            }
        }
    }
}

async fn read(settings: &ConnectSettings) -> Result<Facts, CommandError> {
    let mut connection = connect(settings).await?;
    let facts = read_facts(&mut connection).await?;
    connection.close().await;
    Ok(facts)
}

impl Looked {
    /// The relations that are the project's, and all others that have policies: users write those.
    pub(crate) fn relations(&self, names: &[String]) -> Result<Vec<Oid>, CommandError> {
        let schemas = self.schemas();
        let history = self.history.as_ref().map(|(schema, name)| (schema.as_str(), name.as_str()));
        let is_named = |it: &Relation| names.iter().any(|name| *name == it.qualified() || *name == it.name);
        let found: Vec<Oid> = if names.is_empty() {
            managed_relations(&self.facts, |it| schemas.contains(it), history)
        } else {
            self.facts.relations.values().filter(|it| is_named(it)).map(|it| it.oid).collect()
        };
        let missing = names.iter().find(|name| {
            !found
                .iter()
                .filter_map(|it| self.facts.relations.get(it))
                .any(|it| it.qualified() == **name || it.name == **name)
        });
        match missing {
            Some(name) => {
                Err(CommandError::failed("no-table", format!("`{}` has no table or view `{name}`", self.label))
                    .help("`--table` takes `schema.name` as the catalog has it, without quotes"))
            }
            None => Ok(found),
        }
    }

    /// The schemas that are the project's; without one, all but those that Supabase looks after.
    pub(crate) fn schemas(&self) -> BTreeSet<String> {
        let supabase =
            self.has_schema("auth") && (self.has_schema("storage") || self.facts.role_named("anon").is_some());
        let all = self.facts.schemas.values().map(|it| it.name.clone());
        all.filter(|name| match &self.schemas {
            Some(schemas) => schemas.contains(name),
            None => name != "palisade" && !(supabase && palisade_config::SUPABASE_SCHEMAS.contains(&name.as_str())),
        })
        .collect()
    }

    fn has_schema(&self, name: &str) -> bool {
        self.facts.schemas.values().any(|it| it.name == name)
    }

    /// The roles that the application uses.
    pub(crate) fn api_roles(&self) -> Vec<Oid> {
        self.roles.iter().filter_map(|it| self.facts.role_named(it)).collect()
    }

    /// The roles of these names; without any, all that may do something to one of the relations, or policies are for.
    pub(crate) fn roles(&self, names: &[String], relations: &[Oid]) -> Result<Vec<Oid>, CommandError> {
        if names.is_empty() {
            return Ok(palisade_policy::concerned_roles(&self.facts, relations, &self.api_roles()));
        }
        let find = |name: &String| {
            self.facts.role_named(name).ok_or_else(|| {
                CommandError::failed("no-role", format!("`{}` has no role `{name}`", self.label))
                    .help("`--role` takes a name as the catalog has it, without quotes")
            })
        };
        names.iter().map(find).collect()
    }
}
