//! `db-repair`

use crate::arguments::WriteArgs;
use crate::push::{Judged, Road, plan_data, plan_text};
use crate::{CommandError, Context, Outcome, Selection, provenance};
use palisade_db::unprotect;
use palisade_guard::{Scope, repair_plan};
use palisade_migrator::{Repair, Version, repair};
use palisade_plan::ProtectedError;
use serde_json::json;

/// Correct the history of one migration
///
/// Changes what the database remembers, never its tables. You say what is true; the correction is noted among the
/// attempts, with who made it. On a protected environment it has to be approved like any change.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask db-repair 20260131120000 --accept-edit
  cargo xtask db-repair 20260131120000 --forget --env prod --approve 3f1c0a9b77d2e846
  cargo xtask db-repair --unprotect prod --env staging")]
pub(crate) struct DbRepairArgs {
    /// Version of the migration, the number its file name begins with
    #[arg(required_unless_present = "unprotect", conflicts_with = "unprotect")]
    version: Option<i64>,

    #[command(flatten)]
    what: What,

    /// Approve exactly the correction that has this digest, for a protected environment
    #[arg(long, value_name = "DIGEST")]
    approve: Option<String>,

    #[command(flatten)]
    write: WriteArgs,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
#[expect(clippy::struct_excessive_bools, reason = "clap makes exactly one of them true")]
struct What {
    /// The database belongs to this protected environment no more: what the push to it has noted in the database is lifted
    #[arg(long, value_name = "ENV")]
    unprotect: Option<String>,

    /// It is not applied: its row in the history goes
    #[arg(long)]
    forget: bool,

    /// It is applied as its file says: its row is written
    #[arg(long)]
    accept: bool,

    /// Its file was edited without a change of meaning: the new checksum is noted
    #[arg(long)]
    accept_edit: bool,

    /// The statement in which a run was interrupted was done
    #[arg(long)]
    statement_done: bool,

    /// The statement in which a run was interrupted was not done
    #[arg(long)]
    statement_again: bool,

    /// What an interrupted run did was taken back by hand: the file begins anew
    #[arg(long)]
    restart: bool,
}

impl What {
    fn repair(&self) -> Repair {
        let Self { forget, accept, accept_edit, statement_done, statement_again, restart: _, unprotect: _ } = *self;
        match () {
            () if forget => Repair::Forget,
            () if accept => Repair::Accept,
            () if accept_edit => Repair::AcceptEdit,
            () if statement_done => Repair::StatementDone,
            () if statement_again => Repair::StatementAgain,
            () => Repair::Restart,
        }
    }
}

pub(crate) async fn run(context: &mut Context, args: DbRepairArgs) -> Result<Outcome, CommandError> {
    let selection = context.select(&args.write.connection)?;
    if let Some(protected) = &args.what.unprotect {
        return lift(context, &selection, &args.write, protected).await;
    }
    let road = Road::new(&selection, Scope::Migrations)?;
    let (version, what) = (Version(args.version.unwrap_or_default()), args.what.repair());
    let mut connection = if args.write.dry_run {
        selection.connect_to_look().await?
    } else {
        selection.connect(&context.printer).await?
    };
    connection.facts().target(&selection.environment).check_belongs().map_err(ProtectedError::Database)?;
    let plan = repair_plan(&mut connection, &road.inputs(), version, what).await?;
    connection.close().await;
    if args.write.dry_run {
        return Ok(Outcome::done(plan_text(&plan, &[])).data(plan_data(&plan, &[])));
    }
    let judged = Judged { plan, verdicts: Vec::new() };
    let (_, approved, _) = road.approve(context, judged, args.approve.as_deref()).await?;
    let Some(approved) = approved else {
        let text = format!("Nothing to do: {version} is applied as its file says");
        return Ok(Outcome::done(text).data(json!({ "version": version, "nothing_to_do": true })));
    };
    let mut session = selection.session(&context.printer, args.write.wait).await?;
    selection.refuse_other_environment(context, session.connection()).await?;
    repair(&mut session, &approved, &road.tables, &road.run(), &road.migrations, what).await?;
    session.release().await?.close().await;
    let text = format!("The history says now: {version} {}", what.as_str());
    Ok(Outcome::done(text).data(json!({ "version": version, "repair": what.as_str() })))
}

/// Lifts the note that the database belongs to `protected`. Giving the name is the decision, as typing it would be; if the
/// environment of that name leads there still, its own file decides.
async fn lift(
    context: &Context,
    selection: &Selection,
    write: &WriteArgs,
    protected: &str,
) -> Result<Outcome, CommandError> {
    selection.refuse_if_protected("`db-repair --unprotect`")?;
    let connection =
        if write.dry_run { selection.connect_to_look().await? } else { selection.connect(&context.printer).await? };
    if !connection.facts().protected_by.iter().any(|it| it == protected) {
        return Err(CommandError::refused(
            "does-not-fit",
            format!("the database of `{}` has no note that it belongs to `{protected}`", selection.environment.name),
        ));
    }
    selection.refuse_other_environment(context, &connection).await?;
    let data = json!({ "unprotect": protected, "dry_run": write.dry_run });
    if write.dry_run {
        connection.close().await;
        let text = format!("Would lift the note that this database belongs to `{protected}`");
        return Ok(Outcome::done(text).data(data));
    }
    let mut session = selection.lock(connection, &context.printer, write.wait).await?;
    unprotect(&mut session, protected, &provenance::who(&selection.variables)).await?;
    session.release().await?.close().await;
    let text =
        format!("The database belongs to `{protected}` no more: `{}` may write to it", selection.environment.name);
    Ok(Outcome::done(text).data(data))
}
