//! `env list`, `env show`

use crate::table::table;
use crate::{CommandError, ConnectionArgs, Context, Exit, Outcome, Selection};
use palisade_config::{Endpoint, EnvironmentName, SettingLine};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Show the environments of this project and what they resolve to
///
/// An environment is a file in `config/`. Its settings come from several layers, weakest first: built-in defaults,
/// `config/default.toml`, `config/NAME.toml`, `PALISADE_…` variables, flags. No secret is ever shown, only where it is.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask env list
  cargo xtask env show prod
  cargo xtask env show --env dev --output json")]
pub(crate) struct EnvArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// All environments, one a line
    List,
    /// All settings of one environment, and where each comes from
    Show {
        /// Environment to show [default: that of `--env`]
        name: Option<String>,
    },
}

pub(crate) async fn run(context: &mut Context, args: EnvArgs) -> Result<Outcome, CommandError> {
    match args.what {
        What::List => list(context),
        What::Show { name } => show(context, name.as_deref()),
    }
}

fn list(context: &Context) -> Result<Outcome, CommandError> {
    let mut rows = Vec::new();
    let mut objects = Vec::new();
    let mut exit = Exit::Done;
    for name in context.project()?.environments()? {
        let line = line_of(context, &name);
        if line.error.is_some() {
            exit = Exit::Failed;
        }
        let protected = match line.protected {
            Some(true) => "protected",
            Some(false) => "",
            None => "?",
        };
        let database = line.error.as_ref().map_or_else(|| line.database.clone(), |it| Some(format!("error: {it}")));
        rows.push(vec![name.to_string(), protected.to_owned(), database.unwrap_or_default()]);
        objects.push(json!({
            "name": name.as_str(), "protected": line.protected, "database": line.database, "error": line.error,
        }));
    }
    Ok(Outcome::done(table(&rows)).data(json!({ "environments": objects })).exit(exit))
}

struct Line {
    protected: Option<bool>,
    database: Option<String>,
    error: Option<String>,
}

/// One environment for the list: what is wrong with it must not hide the others.
fn line_of(context: &Context, name: &EnvironmentName) -> Line {
    match context.select_by_name(name.as_str(), &ConnectionArgs::default()) {
        Err(error) => Line { protected: None, database: None, error: Some(error.message) },
        Ok(selection) => {
            let (database, error) = match database(&selection) {
                Ok(database) => (Some(database), None),
                Err(error) => (None, Some(error.message)),
            };
            Line { protected: Some(selection.environment.protected), database, error }
        }
    }
}

/// Which database the environment resolves to, without user and password.
fn database(selection: &Selection) -> Result<String, CommandError> {
    Ok(match selection.environment.direct_endpoint(&selection.variables) {
        Ok(Endpoint::Embedded) => "embedded server of this project".to_owned(),
        Ok(Endpoint::Url(url)) => url.identity().to_string(),
        // A clone without the team's secrets is not broken.
        Err(palisade_config::ConfigError::NoUrl { url, .. }) => format!("not set ({url})"),
        Err(error) => return Err(error.into()),
    })
}

fn show(context: &Context, name: Option<&str>) -> Result<Outcome, CommandError> {
    let selection = context.select_by_name(name.unwrap_or(&context.global.env), &ConnectionArgs::default())?;
    let Selection { project: _, environment, variables } = &selection;
    let lines = environment.settings(variables);
    let rows: Vec<_> =
        lines.iter().map(|it| vec![it.key.to_owned(), it.value.clone(), format!("[{}]", it.origin)]).collect();
    let mut text = format!("{}: {}\n\n{}", environment.name, database(&selection)?, table(&rows));
    for warning in &environment.warnings {
        let _ = write!(text, "\n\nwarning: {warning}");
    }
    let data = json!({
        "name": environment.name.as_str(),
        "protected": environment.protected,
        "database": database(&selection)?,
        "settings": lines.iter().map(setting).collect::<Vec<_>>(),
        "warnings": environment.warnings,
    });
    Ok(Outcome::done(text).data(data))
}

fn setting(line: &SettingLine) -> Value {
    json!({ "key": line.key, "value": line.value, "origin": line.origin.to_string() })
}
