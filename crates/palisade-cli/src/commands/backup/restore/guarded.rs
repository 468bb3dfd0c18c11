//! A backup goes back onto a protected environment: through the gate.

use super::{RestoreArgs, done, looked, needs, swapped};
use crate::push::{Judged, approve, plan_data, plan_text, run as started};
use crate::{CommandError, Context, Outcome, Selection, backups};
use palisade_backup::{Manifest, Possible, RestoreOptions};
use palisade_db::connect;
use palisade_guard::{RestoreContext, RestoreDone, execute_restore, judge_restore, restore_plan};
use palisade_migrator::HistoryTables;
use palisade_plan::{Plan, RestorePlace};
use serde_json::json;
use std::fmt::Write as _;

pub(super) async fn run(
    context: &Context,
    args: &RestoreArgs,
    selection: &Selection,
    options: RestoreOptions,
) -> Result<Outcome, CommandError> {
    let environment = &selection.environment;
    let tables = HistoryTables::new(&environment.history_table)?;
    let place = if args.swap { RestorePlace::Beside } else { options.place() };
    // Whatever would keep it from beginning is found before somebody approves it and waits for a backup.
    let Possible { objects, room, .. } = looked(&options, args).await?;
    let mut connection = connect(options.target.settings()).await?;
    let step = options.step(place);
    let verdicts = judge_restore(environment, &step);
    let plan = restore_plan(&mut connection, environment, &tables, step).await?;
    connection.close().await;
    if args.write.dry_run {
        let mut text = plan_text(&plan, &verdicts);
        if !objects.is_empty() {
            let _ = write!(text, "\nWould drop everything in it, among it {}", objects.join(", "));
        }
        if let Some(room) = &room {
            let _ = write!(text, "\n{}", needs(room));
        }
        return Ok(Outcome::done(text).data(plan_data(&plan, &verdicts)));
    }
    context.printer.warn(
        "what is written to the database from the backup of it on is not in it afterwards: stop what writes to it first",
    );
    let judged = Judged { plan, verdicts };
    let (plan, approved, safety) = approve(context, selection, &args.store, judged, args.approve.as_deref()).await?;
    let Some(approved) = approved else { return Ok(Outcome::done(plan_text(&plan, &[]))) };
    let session = selection.session(&context.printer, args.write.wait).await?;
    let run = started(selection);
    let restoring = RestoreContext { environment, tables: &tables, run: &run, terminate: args.terminate };
    let progress = backups::restoring(context.printer.clone());
    let executed = Box::pin(execute_restore(session, approved, options.clone(), &restoring, progress)).await;
    let outcome = match executed {
        Ok(RestoreDone::Within(it)) => done(&it, &options),
        Ok(RestoreDone::Beside(it)) => swapped(&it, &options),
        Err(error) => {
            let mut error = CommandError::from(error);
            if let Some(safety) = &safety {
                let _ = write!(error.message, "\nwhat was there before is in the backup {}", safety.name);
            }
            return Err(error);
        }
    };
    Ok(told(outcome, environment.name.as_str(), safety.as_ref(), &plan))
}

/// What somebody wants to know of a restore that went through the gate.
fn told(outcome: Outcome, environment: &str, safety: Option<&Manifest>, plan: &Plan) -> Outcome {
    let Outcome { mut text, mut data, .. } = outcome;
    if let Some(safety) = safety {
        let _ = write!(text, "\nBackup of what was there before: {}", safety.name);
    }
    let _ = write!(text, "\nNext: `cargo xtask db-status --env {environment}` says which migrations it lacks");
    data["safety_backup"] = json!(safety.map(|it| &it.name));
    data["digest"] = json!(plan.digest().as_str());
    Outcome::done(text).data(data)
}
