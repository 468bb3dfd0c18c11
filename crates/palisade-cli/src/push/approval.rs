//! Showing a plan, asking whether it shall be, and taking the backup before it is.

use super::{Judged, RECONNECT, backup, plan_data, plan_text};
use crate::backups::StoreArgs;
use crate::{CommandError, Context, Selection, backups, provenance};
use palisade_backup::Manifest;
use palisade_guard::BackupInputs;
use palisade_migrator::Run;
use palisade_plan::{Answer, ApprovedPlan, GateVerdict, Plan, Verdict};

/// Shows the plan and asks for the approval that it needs. `None` when there is nothing to approve. A backup that is wanted goes into
/// `store`.
pub(crate) async fn approve(
    context: &Context,
    selection: &Selection,
    store: &StoreArgs,
    judged: Judged,
    approval: Option<&str>,
) -> Result<(Plan, Option<ApprovedPlan>, Option<Manifest>), CommandError> {
    let Judged { plan, mut verdicts } = judged;
    if plan.steps.is_empty() {
        return Ok((plan, None, None));
    }
    if plan.target.protected {
        context.printer.stderr(&plan_text(&plan, &verdicts));
    }
    let answer = answer(context, selection, &plan, &verdicts, approval).await?;
    let wanted;
    let mut progress = backups::creating(context.printer.clone());
    let mut inputs = None;
    if verdicts.iter().any(|it| it.verdict == Verdict::Waiting) {
        // Of what a restore drops, the backup is all that is left.
        let at_least = if plan.restore().is_some() { 2 } else { 0 };
        wanted = backup::wanted(selection, &context.printer, store, at_least).await?;
        inputs = Some(BackupInputs {
            options: &wanted.options,
            verify: wanted.verify.clone(),
            identities: wanted.identities.clone(),
            progress: &mut progress,
        });
    }
    let facts = plan_data(&plan, &verdicts);
    let approved = Box::pin(palisade_guard::approve(plan.clone(), &mut verdicts, &answer, inputs)).await;
    let (approved, manifest) = approved.map_err(|error| CommandError::from(error).data(facts))?;
    if let Some(manifest) = &manifest {
        let taken = format!("Backup {} taken", manifest.name);
        // Whoever is interrupted from here on needs its name, however little he wants to hear.
        if plan.restore().is_some() { context.printer.stderr(&taken) } else { context.printer.note(&taken) }
    }
    Ok((plan, Some(approved), manifest))
}

async fn answer(
    context: &Context,
    selection: &Selection,
    plan: &Plan,
    verdicts: &[GateVerdict],
    approval: Option<&str>,
) -> Result<Answer, CommandError> {
    let environment = &selection.environment;
    if let Some(digest) = approval {
        return Ok(Answer::Digest(digest.to_owned()));
    }
    if !environment.protected {
        return Ok(Answer::None);
    }
    // A restore is approved by somebody, whatever the configuration says.
    if !environment.gates.approval && plan.restore().is_none() {
        return Ok(Answer::SwitchedOff);
    }
    // Nobody is asked for what will be refused all the same.
    if verdicts.iter().any(|it| matches!(it.verdict, Verdict::Failed { .. })) {
        return Ok(Answer::None);
    }
    let name = &plan.target.environment;
    let typed = context.prompt.line(&format!("\nType `{name}` to apply this plan: ")).await?;
    Ok(typed.map_or(Answer::None, Answer::TypedName))
}

/// Who runs, for the history.
pub(crate) fn run(selection: &Selection) -> Run {
    Run {
        id: format!("{:032x}", rand::random::<u128>()),
        who: provenance::who(&selection.variables),
        commit: provenance::commit(&selection.project, &selection.variables),
        reconnect: RECONNECT,
    }
}
