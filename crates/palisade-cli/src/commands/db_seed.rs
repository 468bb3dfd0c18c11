//! `db-seed`

use crate::arguments::WriteArgs;
use crate::{CommandError, Context, Outcome};
use palisade_migrator::{read_seeds, seed};
use serde_json::json;

/// Load sample data
///
/// Runs the files of `seeds/` in the order of their names, each in one transaction. Write them so that a second run
/// changes nothing (`on conflict do nothing`). Never possible on a protected environment.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask db-seed
  cargo xtask db-seed --env staging --dry-run")]
pub(crate) struct DbSeedArgs {
    #[command(flatten)]
    write: WriteArgs,
}

pub(crate) async fn run(context: &mut Context, args: DbSeedArgs) -> Result<Outcome, CommandError> {
    let selection = context.select(&args.write.connection)?;
    selection.refuse_if_protected("loading sample data")?;
    let files = read_seeds(&selection.project.root, &selection.project.seeds_dir())?;
    let names: Vec<&str> = files.iter().map(|it| it.file.as_str()).collect();
    if files.is_empty() {
        return Ok(Outcome::done("There are no files in `seeds/`").data(json!({ "files": [], "rows": 0 })));
    }
    if args.write.dry_run {
        let text = format!("Would run on `{}`:\n{}", selection.environment.name, names.join("\n"));
        return Ok(Outcome::done(text).data(json!({ "dry_run": true, "files": names })));
    }
    let mut session = selection.session(&context.printer, args.write.wait).await?;
    let target = selection.unprotected(context, session.connection(), "loading sample data").await?;
    let rows = seed(&mut session, &target, &files).await?;
    session.release().await?.close().await;
    let text = match rows {
        0 => "Nothing to do: the sample data is there".to_owned(),
        _ => format!("Wrote {rows} rows of sample data from {} files", files.len()),
    };
    Ok(Outcome::done(text).data(json!({ "files": names, "rows": rows })))
}
