//! Plans, progress and results as people and programs read them.

use crate::Printer;
use crate::push::Pushed;
use crate::units::duration;
use palisade_guard::Progress as GuardProgress;
use palisade_migrator::Progress;
use palisade_plan::{GateVerdict, Plan, ReadOn, Verdict};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::time::Duration;

/// The plan for people: where, what, which dangers, what the gates say, and the digest that approves it.
pub(crate) fn plan_text(plan: &Plan, verdicts: &[GateVerdict]) -> String {
    let mut text = format!("Plan for `{}`: {}", plan.target.environment, plan.target.identity);
    for (number, step) in plan.steps.iter().enumerate() {
        let _ = write!(text, "\n{:>3}. {step}", number + 1);
        for hazard in step.hazards() {
            let _ = write!(text, "\n     hazard: {hazard}");
        }
    }
    if plan.steps.is_empty() {
        text.push_str("\nNothing to do");
        return text;
    }
    if !verdicts.is_empty() {
        text.push_str("\nGates:");
    }
    for GateVerdict { gate, verdict } in verdicts {
        let (word, detail) = match verdict {
            Verdict::Passed { note } => ("open", note.as_str()),
            Verdict::Failed { reason, .. } => ("CLOSED", reason.as_str()),
            Verdict::Off => ("off", "switched off in `config/`"),
            Verdict::Waiting => ("waits", "for the approval"),
        };
        let _ = write!(text, "\n  {word:6}  {gate}: {}", detail.replace('\n', "\n          "));
    }
    if plan.target.protected {
        let _ = write!(text, "\nDigest: {}", plan.digest().short());
    }
    text
}

/// The plan for programs.
pub(crate) fn plan_data(plan: &Plan, verdicts: &[GateVerdict]) -> Value {
    let steps = plan.steps.iter().map(|step| {
        let hazards: Vec<String> = step.hazards().iter().map(ToString::to_string).collect();
        json!({ "does": step.to_string(), "hazards": hazards })
    });
    json!({
        "digest": plan.digest().as_str(),
        "approve": plan.digest().short(),
        "steps": steps.collect::<Vec<_>>(),
        "gates": verdicts,
    })
}

/// How much of a result is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detail {
    /// Every migration and every change of row security.
    Full,
    /// Their numbers, where a whole database was made.
    Numbers,
}

/// What a push did, for people and for programs.
pub(crate) fn describe(pushed: &Pushed, detail: Detail) -> (String, Value) {
    let Pushed { plan, executed, backup } = pushed;
    let mut lines = Vec::new();
    let applied = plan.expects.applied.len();
    match executed.migrations.len() {
        0 if plan.steps.is_empty() => {
            lines.push(format!("Nothing to do: {applied} migrations are applied and everything is as the files say"));
        }
        // Row security alone was pushed.
        0 => {}
        _ if plan.migrations().any(|it| it.reverts) => lines.push("Took back 1 migration".to_owned()),
        1 => lines.push("Applied 1 migration".to_owned()),
        count => lines.push(format!("Applied {count} migrations")),
    }
    if detail == Detail::Full {
        let time = |milliseconds| duration(Duration::from_millis(milliseconds));
        lines.extend(executed.migrations.iter().map(|it| format!("  {} ({})", it.file, time(it.milliseconds))));
    }
    if plan.row_security().is_some() {
        lines.push(match executed.row_security.len() {
            0 => "Row security: no changes".to_owned(),
            1 => "Row security: 1 change".to_owned(),
            count => format!("Row security: {count} changes"),
        });
    }
    if detail == Detail::Full {
        lines.extend(executed.row_security.iter().map(|it| format!("  {it}")));
    }
    lines.extend(orphans(&executed.orphans));
    lines.extend(backup.iter().map(|it| format!("Backup: {}", it.name)));
    let data = json!({
        "nothing_to_do": plan.steps.is_empty(),
        "migrations": executed.migrations,
        "row_security": executed.row_security,
        "orphans": executed.orphans,
        "backup": backup.as_ref().map(|it| &it.name),
        "digest": plan.digest().as_str(),
    });
    (lines.join("\n"), data)
}

/// Policies that nobody declares, as people read of them.
pub(crate) fn orphans(policies: &[String]) -> Option<String> {
    let (first, more) = policies.split_first()?;
    let mut text = format!("No file of `rls/` creates {first}");
    for policy in more {
        let _ = write!(text, ",\n  nor {policy}");
    }
    text.push_str("; `cargo xtask db-rls --prune` drops what none creates");
    Some(text)
}

/// Says where row security was read, if that is not where it is usually read.
pub(crate) fn read_on(printer: &Printer, read_on: &ReadOn) {
    match read_on {
        ReadOn::Throwaway => {}
        ReadOn::Target { because } => printer.warn(&format!(
            "there is no throwaway server: {because}\nRow security was read on the target itself, where nothing of that stays and \
             nobody waits for it. What no file decides counts as it is there"
        )),
    }
}

/// What is going on, while it goes on.
pub(super) fn progress(printer: &Printer, progress: &GuardProgress<'_>) {
    match progress {
        GuardProgress::RowSecurity => drop(printer.progress("Applying row security")),
        GuardProgress::Migration(progress) => match progress {
            Progress::Begins { step, number, of } => {
                printer.progress(&format!("[{number}/{of}] {}", step.file));
            }
            Progress::Statement { sql } => drop(printer.progress(sql.trim_start())),
            Progress::Resumes { done } => {
                printer.note(&format!("Going on behind the {done} statements that an earlier run has done"));
            }
            Progress::CleansUp { object } => printer.note(&format!("Removing what an interrupted run left: {object}")),
            Progress::Reconnects { error } => printer.warn(&format!("{error}; connecting again")),
            // The result lists it.
            Progress::Ends { done: _ } => {}
        },
    }
}
