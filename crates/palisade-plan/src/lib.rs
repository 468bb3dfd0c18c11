//! What shall be done to one database, and the proof that somebody may do it.
//!
//! A [`Plan`] is a list of steps for one target. Nothing executes a plan. Only an [`ApprovedPlan`] can be executed, and
//! [`Plan::approve`] is its only constructor: it looks at the verdict of every gate and at the answer that was given.
//!
//! Invariant: this crate does no input or output, and reads no clock.

mod approve;
mod declared;
mod digest;
mod gate;
mod hazard;
mod lock;
mod plan;
mod restore;

pub use approve::{Answer, Approval, ApprovedPlan, Refusal};
pub use declared::{Decided, Declared, Foreseen, Side};
pub use digest::PlanDigest;
pub use gate::{Gate, GateVerdict, Verdict};
pub use hazard::{Hazard, hazards};
pub use lock::LockMode;
pub use plan::{
    Expectation, MigrationStep, OtherEnvironment, Plan, ProtectedError, ReadOn, RepairStep, RowSecurityStep, Step,
    Target, TargetIdentity, UnprotectedTarget,
};
pub use restore::{RestorePlace, RestoreStep};
