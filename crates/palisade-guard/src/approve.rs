//! The last stop: everything is known, somebody has answered, the backup is taken.

use palisade_backup::{CreateError, CreateOptions, Manifest, create};
use palisade_plan::{Answer, ApprovedPlan, Gate, GateVerdict, Plan, Refusal, Verdict};

/// Why a plan was not approved.
#[derive(Debug, thiserror::Error)]
pub enum ApproveError {
    /// A gate is closed, or the answer does not fit.
    #[error("{0}")]
    Refused(Refusal),
    /// The backup failed; without one nothing is changed.
    #[error("no backup could be taken, so nothing was changed: {source}")]
    Backup {
        /// Why not.
        source: Box<CreateError>,
    },
}

impl ApproveError {
    /// What to do next.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Refused(refusal) => Some(refusal.help()),
            Self::Backup { source } => Some(source.help()),
        }
    }
}

/// What the backup is made from, and who is told about it.
pub struct BackupInputs<'a> {
    /// Where from and where to.
    pub options: &'a CreateOptions,
    /// Called while it is made.
    pub progress: &'a mut (dyn FnMut(palisade_backup::Progress) + Send),
}

impl std::fmt::Debug for BackupInputs<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BackupInputs").field("options", &self.options).finish_non_exhaustive()
    }
}

/// Turns a judged plan into one that may be executed. A closed gate and a wrong answer are found before the backup is taken;
/// the backup's verdict is put in place of `Waiting` in `verdicts`.
///
/// # Errors
///
/// [`ApproveError`]; nothing was changed then.
pub async fn approve(
    plan: Plan,
    verdicts: &mut [GateVerdict],
    answer: &Answer,
    backup: Option<BackupInputs<'_>>,
) -> Result<(ApprovedPlan, Option<Manifest>), ApproveError> {
    closed(verdicts)?;
    plan.check_answer(answer).map_err(ApproveError::Refused)?;
    let waiting = verdicts.iter_mut().find(|it| it.gate == Gate::Backup && it.verdict == Verdict::Waiting);
    let mut manifest = None;
    if let (Some(gate), Some(BackupInputs { options, progress })) = (waiting, backup) {
        let taken = create(options, progress).await.map_err(|it| ApproveError::Backup { source: Box::new(it) })?;
        gate.verdict = Verdict::Passed { note: format!("backup {} taken", taken.name) };
        manifest = Some(taken);
    }
    let approved = plan.approve(verdicts, answer).map_err(ApproveError::Refused)?;
    Ok((approved, manifest))
}

/// The first gate that is closed.
fn closed(verdicts: &[GateVerdict]) -> Result<(), ApproveError> {
    for GateVerdict { gate, verdict } in verdicts {
        if let Verdict::Failed { reason, help } = verdict {
            let refusal = Refusal::GateClosed { gate: *gate, reason: reason.clone(), help: help.clone() };
            return Err(ApproveError::Refused(refusal));
        }
    }
    Ok(())
}
