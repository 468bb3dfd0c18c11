//! `db-start`

use crate::selection::place;
use crate::{CommandError, ConnectionArgs, Context, Outcome};
use palisade_config::Endpoint;
use serde_json::json;

/// Start the local server of this project
///
/// It is a Postgres of its own for each clone, kept under `.palisade/`. It keeps running when the command ends; port and
/// password stay the same. Commands that need it start it by themselves, so this one is rarely needed.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask db-start
  psql \"$(cargo xtask db-url)\"")]
pub(crate) struct DbStartArgs {}

pub(crate) async fn run(context: &mut Context, _: DbStartArgs) -> Result<Outcome, CommandError> {
    let selection = context.select(&ConnectionArgs::default())?;
    if let Endpoint::Url(url) = selection.environment.direct_endpoint(&selection.variables)? {
        let message =
            format!("environment `{}` does not use the local server, but {}", context.global.env, place(&url));
        return Err(CommandError::refused("not-local", message)
            .help("take its URLs out of `.env` or the environment to work on the local server"));
    }
    let started = selection.start(&context.printer).await?;
    let state = if started.already_running { "runs already" } else { "is running" };
    let place = place(&started.url);
    let text = format!("The local server {state}: {place}\n`cargo xtask db-url` prints its connection string");
    let version = started.installation.map(|it| it.version.to_string());
    let data = json!({ "already_running": started.already_running, "database": place, "version": version });
    Ok(Outcome::done(text).data(data))
}
