//! `env list`, `env show`

use crate::table::table;
use crate::{CommandError, ConnectionArgs, Context, Exit, Outcome, Selection};
use palisade_config::{ConfigError, Endpoint, Overrides, SettingLine, load};
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
    let (mut rows, mut objects, mut exit) = (Vec::new(), Vec::new(), Exit::Done);
    for name in context.project()?.environments()? {
        let selection = context.select_alone(name.as_str(), &ConnectionArgs::default())?;
        let Selection { project, environment, variables } = &selection;
        let protected = environment.protected;
        // A URL that cannot be read, and two that lead to one database, must not hide the environments.
        let (database, mut error) = match database(&selection) {
            Ok(database) => (Some(database), None),
            Err(error) => (None, Some(error.message)),
        };
        if let Err(conflict) = load(project, &name, variables, &Overrides::default()) {
            exit = Exit::Failed;
            if conflict.concerns(&name) {
                error = error.or_else(|| Some(conflict.to_string()));
            }
        }
        if error.is_some() {
            exit = Exit::Failed;
        }
        let shown = database.iter().cloned().chain(error.iter().map(|it| format!("error: {it}")));
        let mark = if protected { "protected" } else { "" };
        rows.push(vec![name.to_string(), mark.to_owned(), shown.collect::<Vec<_>>().join("  ")]);
        objects.push(json!({ "name": name.as_str(), "protected": protected, "database": database, "error": error }));
    }
    Ok(Outcome::done(table(&rows)).data(json!({ "environments": objects })).exit(exit))
}

/// Which database the environment resolves to, without user and password.
fn database(selection: &Selection) -> Result<String, CommandError> {
    Ok(match selection.environment.direct_endpoint(&selection.variables) {
        Ok(Endpoint::Embedded) => "embedded server of this project".to_owned(),
        Ok(Endpoint::Url(url)) => url.identity().to_string(),
        // A clone without the team's secrets is not broken.
        Err(ConfigError::NoUrl { url, .. }) => format!("not set ({url})"),
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
