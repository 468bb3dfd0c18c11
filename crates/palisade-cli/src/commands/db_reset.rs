//! `db-reset`

use crate::arguments::WriteArgs;
use crate::push::{Detail, Road, describe};
use crate::{CommandError, Context, Outcome};
use palisade_guard::Scope;
use palisade_migrator::{read_seeds, reset, seed};
use serde_json::json;
use std::fmt::Write as _;

/// Empty a database and build it anew: migrations, row security, sample data
///
/// Drops everything in the managed schemas, and the history. Never possible on a protected environment.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask db-reset
  cargo xtask db-reset --yes --seed")]
pub(crate) struct DbResetArgs {
    /// Do it without asking
    #[arg(long)]
    yes: bool,

    /// Load the sample data afterwards
    #[arg(long)]
    seed: bool,

    #[command(flatten)]
    write: WriteArgs,
}

pub(crate) async fn run(context: &mut Context, args: DbResetArgs) -> Result<Outcome, CommandError> {
    const ACTION: &str = "emptying the database";
    let selection = context.select(&args.write.connection)?;
    selection.refuse_if_protected(ACTION)?;
    let environment = &selection.environment;
    // All files are read before anything is dropped: a mistake in one must not leave an empty database behind.
    let road = Road::new(&selection, Scope::All)?;
    let seeds =
        if args.seed { read_seeds(&selection.project.root, &selection.project.seeds_dir())? } else { Vec::new() };
    let schemas = environment.schemas.join("`, `");
    if args.write.dry_run {
        let migrations = road.migrations.len();
        let text = format!(
            "Would drop everything in the schemas `{schemas}` of `{}`, and apply {migrations} migrations again",
            environment.name
        );
        return Ok(Outcome::done(text).data(json!({ "dry_run": true, "schemas": environment.schemas })));
    }
    if !args.yes {
        let question = format!("Drop everything in the schemas `{schemas}` of `{}`?", environment.name);
        context.prompt.yes(&question, "--yes").await?;
    }
    let mut session = selection.session(&context.printer, args.write.wait).await?;
    let target = selection.unprotected(context, session.connection(), ACTION).await?;
    reset(&mut session, &target, &environment.schemas, &road.tables).await?;
    context.printer.note("Dropped everything in the managed schemas");
    let (mut text, mut data) = describe(&road.push_within(context, &mut session).await?, Detail::Numbers);
    if args.seed {
        let rows = seed(&mut session, &target, &seeds).await?;
        let _ = write!(text, "\nWrote {rows} rows of sample data");
        data["seeded_rows"] = json!(rows);
    }
    session.release().await?.close().await;
    Ok(Outcome::done(text).data(data))
}
