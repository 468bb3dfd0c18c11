//! The gate: how a plan is made, judged, approved and executed.
//!
//! ```text
//! propose ─▶ Plan ─▶ judge ─▶ verdicts ─▶ approve (takes the backup) ─▶ ApprovedPlan ─▶ execute ─▶ verify
//! ```
//!
//! An environment that is not protected takes the same road without stops: its plan needs neither verdicts nor answer.
//! For a protected one every gate of [`palisade_plan::Gate`] must be open and somebody must have approved exactly this
//! plan. The caller shows and asks; this crate decides. A backup goes back onto a protected target on the same road, with one gate:
//! [`restore_plan`], [`judge_restore`], [`approve`], [`execute_restore`].
//!
//! Invariant: nothing here prints, prompts or reads configuration files.

mod approve;
mod declared;
mod drift;
mod execute;
mod inputs;
mod judge;
mod propose;
mod restore;
mod widening;

pub use approve::{ApproveError, BackupInputs, approve};
pub use declared::{Access, DeclaredError, access};
pub use drift::{Drift, DriftCheckError, drift};
pub use execute::{ExecuteContext, ExecuteError, Executed, Progress, execute, execute_row_security};
pub use inputs::{Inputs, Scope};
pub use judge::{DevState, dev_state, judge};
pub use propose::{ProposeError, propose, repair_plan};
pub use restore::{
    ExecuteRestoreError, NoteError, RestoreContext, RestoreDone, execute_restore, judge_restore, restore_plan,
};
pub use widening::{AllowedWidening, Widening, WideningError, lock_text, widening};
