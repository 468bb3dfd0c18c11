//! `db-rls`

use crate::arguments::WriteArgs;
use crate::push::{Detail, Road, describe};
use crate::{CommandError, Context, Exit, Outcome, Selection};
use palisade_guard::Scope;
use palisade_rls::{ApplySettings, Change, is_current, preview};
use serde_json::json;
use std::time::Duration;

/// Apply row security: policies, grants and their functions from `rls/`
///
/// All files run in one transaction: no table is ever without its policies. They are ordinary SQL that can be run any
/// number of times (`drop policy if exists`, then `create policy`); statements that belong elsewhere are refused.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask db-rls
  cargo xtask db-rls --plan
  cargo xtask db-rls --check --env prod")]
pub(crate) struct DbRlsArgs {
    /// Show what would change; everything is rolled back
    #[arg(long, conflicts_with = "dry_run")]
    plan: bool,

    /// Say whether the database is what the files say, and how not; exit code 3 if not. Where a file was edited or the
    /// database changed since the last run, the files run for that, as with `--plan`
    #[arg(long, conflicts_with_all = ["plan", "dry_run"])]
    check: bool,

    /// Approve exactly the plan that has this digest, for a protected environment
    #[arg(long, value_name = "DIGEST", conflicts_with_all = ["plan", "check"])]
    approve: Option<String>,

    #[command(flatten)]
    write: WriteArgs,
}

pub(crate) async fn run(context: &mut Context, args: DbRlsArgs) -> Result<Outcome, CommandError> {
    let selection = context.select(&args.write.connection)?;
    let road = Road::new(&selection, Scope::RowSecurity)?;
    if args.check {
        return check(context, &selection, &road, args.write.wait).await;
    }
    if args.plan || args.write.dry_run {
        if args.write.dry_run {
            // A dry run starts no server.
            selection.connect_to_look().await?.close().await;
        }
        let changes = changes(context, &selection, &road, args.write.wait).await?;
        return Ok(Outcome::done(list(&changes)).data(json!({ "changes": changes })));
    }
    let (text, data) = describe(&road.push(context, &args.write, args.approve.as_deref()).await?, Detail::Full);
    Ok(Outcome::done(text).data(data))
}

/// Whether the database is what the files say. If no file was edited and nothing was changed since they ran, that is known without
/// running them; else only the server can tell.
async fn check(
    context: &Context,
    selection: &Selection,
    road: &Road<'_>,
    wait: Duration,
) -> Result<Outcome, CommandError> {
    let mut connection = selection.connect(&context.printer).await?;
    let current = road.policies.files().is_empty() || is_current(&mut connection, &road.policies).await?;
    connection.close().await;
    let changes = if current { Vec::new() } else { changes(context, selection, road, wait).await? };
    let data = json!({ "current": changes.is_empty(), "changes": changes });
    if changes.is_empty() {
        return Ok(Outcome::done("Row security is what the files say").data(data));
    }
    let text = format!("Row security differs from the files; `cargo xtask db-rls` would do:\n{}", list(&changes));
    Ok(Outcome::done(text).data(data).exit(Exit::Found))
}

/// What running the files would change; they run, and are rolled back.
async fn changes(
    context: &Context,
    selection: &Selection,
    road: &Road<'_>,
    wait: Duration,
) -> Result<Vec<Change>, CommandError> {
    let mut session = selection.session(&context.printer, wait).await?;
    let settings = ApplySettings { lock_timeout: selection.environment.lock_timeout, ..ApplySettings::default() };
    let changes = preview(&mut session, &road.policies, settings).await?;
    session.release().await?.close().await;
    Ok(changes)
}

fn list(changes: &[Change]) -> String {
    if changes.is_empty() {
        return "Nothing would change".to_owned();
    }
    changes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
