//! `db-generate`

use crate::{CommandError, Context, Outcome};
use jiff::Timestamp;
use palisade_migrator::{create, read_dir};
use serde_json::json;

/// Make a new migration file
///
/// With `--custom` the file is empty and you write the SQL; its name begins with the time in UTC, so that it comes after
/// all others. The first line `-- no-transaction` makes a file run outside of a transaction, statement by statement, for
/// what Postgres refuses inside of one (`create index concurrently`).
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask db-generate --custom \"add invoices\"
  cargo xtask db-generate --custom \"add invoices\" --reversible")]
pub(crate) struct DbGenerateArgs {
    /// An empty file for SQL that you write; the name says what it does
    #[arg(long, value_name = "NAME", required = true)]
    custom: String,

    /// A pair of files, `.up.sql` and `.down.sql`, so that it can be taken back
    #[arg(long)]
    reversible: bool,
}

pub(crate) async fn run(context: &mut Context, args: DbGenerateArgs) -> Result<Outcome, CommandError> {
    let project = context.project()?;
    let directory = project.migrations_dir();
    std::fs::create_dir_all(&directory).map_err(|error| {
        CommandError::failed("cannot-write", format!("cannot make the directory `{directory}`: {error}"))
    })?;
    let existing = read_dir(&project.root, &directory)?;
    let made = create(&directory, &existing, &args.custom, args.reversible, Timestamp::now())?;
    let files: Vec<String> = made.iter().map(|it| it.strip_prefix(&project.root).unwrap_or(it).to_string()).collect();
    let text = format!("{}\nWrite the SQL into it, then `cargo xtask db-migrate` applies it", files.join("\n"));
    Ok(Outcome::done(text).data(json!({ "files": files })))
}
