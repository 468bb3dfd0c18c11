//! `db-url`

use crate::outcome::SECRET;
use crate::{CommandError, ConnectionArgs, Context, Outcome};
use serde_json::json;

/// Print the connection string of a database, with its password
///
/// For `psql` and for applications. The only command that prints a password, and it never prints that of a protected
/// environment.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  psql \"$(cargo xtask db-url)\"
  DATABASE_URL=\"$(cargo xtask db-url)\" npm run dev")]
pub(crate) struct DbUrlArgs {}

pub(crate) async fn run(context: &mut Context, _: DbUrlArgs) -> Result<Outcome, CommandError> {
    let selection = context.select(&ConnectionArgs::default())?;
    if selection.environment.protected {
        let name = &selection.environment.name;
        let message = format!("`{name}` is protected: its password is not printed");
        return Err(CommandError::refused("protected", message)
            .help(format!("`cargo xtask env show {name}` says where its URL is kept")));
    }
    let Some(settings) = selection.look().await? else {
        return Err(
            CommandError::failed("not-running", "the local server does not run").help("run `cargo xtask db-start`")
        );
    };
    Ok(Outcome::done(SECRET).data(json!({ "url": SECRET })).secret(settings.url.expose()))
}
