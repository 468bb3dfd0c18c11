//! `db-plan`

use crate::commands::rls;
use crate::push::{Judged, Road, plan_data, plan_text};
use crate::{CommandError, ConnectionArgs, Context, Exit, Outcome};
use camino::Utf8PathBuf;
use palisade_db::Connection;
use palisade_guard::{AllowedWidening, Scope, widening};
use palisade_policy::AccessChange;
use serde_json::json;
use std::fmt::Write as _;

/// Show what `db-push` would do, with what the gates say, and the digest that approves it
///
/// Writes nothing to the database. The same files against the same state of the same database have the same digest on
/// every machine: one person reads the plan, another one or a pipeline runs `db-push --approve DIGEST`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask db-plan --env prod
  cargo xtask db-plan --env prod --out plan.json
  cargo xtask db-plan --env prod --exit-code")]
pub(crate) struct DbPlanArgs {
    /// Write the plan into a file, as JSON
    #[arg(long, value_name = "FILE")]
    out: Option<Utf8PathBuf>,

    /// End with exit code 3 when there is something to do
    #[arg(long)]
    exit_code: bool,

    /// Also plan migrations that come before one that is applied
    #[arg(long)]
    allow_out_of_order: bool,

    /// Let this be wider than before without `rls/access.lock` saying so; can be given several times
    #[arg(long, value_name = "ROLE:TABLE:COMMAND")]
    allow_widen: Vec<AllowedWidening>,

    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(crate) async fn run(context: &mut Context, args: DbPlanArgs) -> Result<Outcome, CommandError> {
    let selection = context.select(&args.connection)?;
    let road =
        Road::new(&selection, Scope::All)?.out_of_order(args.allow_out_of_order).allow_widening(args.allow_widen);
    let mut connection = selection.connect(&context.printer).await?;
    let judged = road.plan(context, &mut connection).await?;
    let changes = changes(context, &mut connection, &road, &judged).await;
    connection.close().await;
    let mut data = plan_data(&judged.plan, &judged.verdicts);
    // Whole, with every byte of SQL: this is what the digest is made from.
    data["plan"] = json!(judged.plan);
    data["access"] = json!(changes);
    if let Some(path) = &args.out {
        std::fs::write(path, format!("{data:#}\n")).map_err(|error| {
            CommandError::failed("cannot-write", format!("cannot write the plan to `{path}`: {error}"))
        })?;
        context.printer.note(&format!("Wrote the plan to {path}"));
    }
    let exit = if args.exit_code && !judged.plan.steps.is_empty() { Exit::Found } else { Exit::Done };
    let mut text = plan_text(&judged.plan, &judged.verdicts);
    if judged.verdicts.is_empty() && !changes.is_empty() {
        let _ = write!(text, "\nWho can do more or less then:\n{}", rls::diff::text(&changes));
    }
    Ok(Outcome::done(text).data(data).exit(exit))
}

/// Who can do more or less once the plan is applied. The plan is known all the same if that is not.
async fn changes(
    context: &Context,
    connection: &mut Connection,
    road: &Road<'_>,
    judged: &Judged,
) -> Vec<AccessChange> {
    if judged.plan.gates().is_empty() {
        return Vec::new();
    }
    match widening(connection, &road.inputs(), Some(&judged.plan)).await {
        Ok(found) => found.changes,
        Err(error) => {
            context.printer.warn(&format!("it is not known who can do more then: {error}"));
            Vec::new()
        }
    }
}
