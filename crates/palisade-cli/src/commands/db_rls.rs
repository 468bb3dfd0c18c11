//! `db-rls`

use crate::arguments::WriteArgs;
use crate::push::{Detail, Road, describe, orphans, read_on};
use crate::{CommandError, Context, Exit, Outcome};
use palisade_db::Connection;
use palisade_guard::{AllowedWidening, Scope, Widening, access, widening};
use palisade_policy::AccessChange;
use palisade_rls::{AccessPlan, Orphans};
use serde_json::{Value, json};

/// Apply row security: policies, grants and their functions from `rls/`
///
/// The files are ordinary SQL that can be run any number of times (`drop policy if exists`, then `create policy`); statements that
/// belong elsewhere are refused. They run on a throwaway database: what they make true there is compared with the database, and
/// only what differs is changed, in one transaction. Where no throwaway server can be had, they are read on the database itself
/// in a transaction that is rolled back, and that is said.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask db-rls
  cargo xtask db-rls --plan
  cargo xtask db-rls --check --env prod")]
pub(crate) struct DbRlsArgs {
    /// Print the SQL that would run, and `nothing` if none would
    #[arg(long, conflicts_with = "dry_run")]
    plan: bool,

    /// Say whether the database is what the files say, and how not; exit code 3 if not. Takes no locks
    #[arg(long, conflicts_with_all = ["plan", "dry_run"])]
    check: bool,

    /// Drop policies that no file creates, on the tables that the files are about
    #[arg(long)]
    prune: bool,

    /// Approve exactly the plan that has this digest, for a protected environment
    #[arg(long, value_name = "DIGEST", conflicts_with_all = ["plan", "check"])]
    approve: Option<String>,

    /// Let this be wider than before without `rls/access.lock` saying so; can be given several times
    #[arg(long, value_name = "ROLE:TABLE:COMMAND")]
    allow_widen: Vec<AllowedWidening>,

    #[command(flatten)]
    write: WriteArgs,
}

pub(crate) async fn run(context: &mut Context, args: DbRlsArgs) -> Result<Outcome, CommandError> {
    let selection = context.select(&args.write.connection)?;
    let road = Road::new(&selection, Scope::RowSecurity)?;
    let road = road.allow_widening(args.allow_widen).orphans(if args.prune { Orphans::Drop } else { Orphans::Keep });
    if args.plan || args.check || args.write.dry_run {
        let connection = if args.write.dry_run {
            // A dry run starts no server.
            selection.connect_to_look().await?
        } else {
            selection.connect(&context.printer).await?
        };
        let (plan, changes) = look(context, connection, &road, args.check).await?;
        return Ok(if args.check { checked(&plan) } else { planned(context, &plan, &changes) });
    }
    let (text, data) =
        describe(&Box::pin(road.push(context, &args.write, args.approve.as_deref())).await?, Detail::Full);
    Ok(Outcome::done(text).data(data))
}

/// What there is to do, and who can do more or less then. Takes no locks but those of reading.
async fn look(
    context: &Context,
    mut connection: Connection,
    road: &Road<'_>,
    check: bool,
) -> Result<(AccessPlan, Vec<AccessChange>), CommandError> {
    if road.policies.files().is_empty() {
        connection.close().await;
        return Ok((AccessPlan::default(), Vec::new()));
    }
    let access = access(&mut connection, &road.inputs()).await?;
    read_on(&context.printer, &access.read_on);
    let plan = access.plan;
    let mut changes = Vec::new();
    if !check && !plan.statements.is_empty() {
        match widening(&mut connection, &road.inputs(), None).await {
            Ok(Widening { changes: found, locked: _ }) => changes = found,
            // The statements are known all the same.
            Err(error) => context.printer.warn(&format!("it is not known who can do more then: {error}")),
        }
    }
    connection.close().await;
    Ok((plan, changes))
}

/// On standard output stands SQL and nothing else.
fn planned(context: &Context, plan: &AccessPlan, changes: &[AccessChange]) -> Outcome {
    for change in changes {
        context.printer.note(&change.to_string());
    }
    if let Some(text) = orphans(&names(plan)) {
        context.printer.note(&text);
    }
    let sql: Vec<String> = plan.statements.iter().map(|it| format!("{it};")).collect();
    let text = if sql.is_empty() { "nothing".to_owned() } else { sql.join("\n") };
    let mut data = data(plan);
    data["access"] = json!(changes);
    Outcome::done(text).data(data)
}

fn checked(plan: &AccessPlan) -> Outcome {
    let AccessPlan { statements, changes, orphans: left, tables: _, touched: _ } = plan;
    let mut data = data(plan);
    let current = statements.is_empty() && left.is_empty();
    data["current"] = json!(current);
    if current {
        return Outcome::done("Row security is what the files say").data(data);
    }
    let mut lines = Vec::new();
    if !statements.is_empty() {
        lines.push("Row security differs from the files; `cargo xtask db-rls` would do:".to_owned());
        lines.extend(changes.iter().map(ToString::to_string));
    }
    lines.extend(orphans(&names(plan)));
    Outcome::done(lines.join("\n")).data(data).exit(Exit::Found)
}

fn names(plan: &AccessPlan) -> Vec<String> {
    plan.orphans.iter().map(ToString::to_string).collect()
}

fn data(plan: &AccessPlan) -> Value {
    json!({ "statements": plan.statements, "changes": plan.changes, "orphans": names(plan) })
}
