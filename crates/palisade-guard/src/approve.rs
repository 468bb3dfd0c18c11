//! The last stop: everything is known, somebody has answered, the backup is taken.

use palisade_backup::{CreateError, CreateOptions, Identities, Level, Manifest, VerifyError, create, verify};
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
    /// The backup could not be verified.
    #[error("the backup `{name}` was taken and could not be verified, so nothing was changed: {source}")]
    Unverified {
        /// Its name.
        name: String,
        /// Why not.
        source: Box<VerifyError>,
    },
    /// The backup is not what it should be.
    #[error("the backup `{name}` is not what it should be, so nothing was changed: {}", problems.join("; "))]
    BadBackup {
        /// Its name.
        name: String,
        /// What is wrong with it.
        problems: Vec<String>,
    },
}

impl ApproveError {
    /// What to do next.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Refused(refusal) => Some(refusal.help()),
            Self::Backup { source } => Some(source.help()),
            Self::Unverified { source, .. } => Some(source.help()),
            Self::BadBackup { .. } => {
                Some("look what has touched the store, and push again: another backup is taken".to_owned())
            }
        }
    }
}

/// What the backup is made from, and who is told about it.
pub struct BackupInputs<'a> {
    /// Where from and where to.
    pub options: &'a CreateOptions,
    /// How much of it is verified; `None`: nothing.
    pub verify: Option<Level>,
    /// What decrypts it, if it is encrypted.
    pub identities: Option<Identities>,
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
    if let (Some(gate), Some(BackupInputs { options, verify, identities, progress })) = (waiting, backup) {
        let taken =
            Box::pin(create(options, progress)).await.map_err(|it| ApproveError::Backup { source: Box::new(it) })?;
        let verified = verified(options, &taken, verify, identities.as_ref()).await?;
        gate.verdict = Verdict::Passed { note: format!("backup {} taken{verified}", taken.name) };
        manifest = Some(taken);
    }
    let approved = plan.approve(verdicts, answer).map_err(ApproveError::Refused)?;
    Ok((approved, manifest))
}

/// Verifies the backup that was just taken, and says at which level it is good.
async fn verified(
    options: &CreateOptions,
    taken: &Manifest,
    level: Option<Level>,
    identities: Option<&Identities>,
) -> Result<String, ApproveError> {
    let Some(level) = level else { return Ok(String::new()) };
    let name = || taken.name.to_string();
    let verdict = Box::pin(verify(&options.store, taken, identities, &level, |_| ())).await;
    let verdict = verdict.map_err(|source| ApproveError::Unverified { name: name(), source: Box::new(source) })?;
    if verdict.problems.is_empty() {
        return Ok(format!(" and verified at level {}", verdict.level));
    }
    Err(ApproveError::BadBackup { name: name(), problems: verdict.problems })
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
