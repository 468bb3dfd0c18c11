//! Row security from plain SQL files.
//!
//! The files below `rls/` hold ordinary SQL that can be run any number of times: row security switched on, policies
//! dropped and created, rights revoked and granted, the helper functions of policies. [`PolicyScript::read`] refuses
//! everything else. What the files make true is read from a catalog on which they have run: [`declare`] does that on a throwaway
//! database, [`declare_on_target`] with stand-ins for the tables where there is none. [`plan`] compares that with what is, and
//! [`apply`] sends the statements that are left, all in one message.
//!
//! ```text
//! PolicyScript::read(rls/) ─▶ declare(scratch) ─▶ Declared ─┐
//!                                    read_access(target) ───┴─▶ plan() ─▶ Plan ─▶ ApprovedPlan ─▶ apply(target)
//! ```
//!
//! Invariants:
//! - No other session sees a table without its policies: there is one transaction, which changes only what differs.
//! - Nothing is told from the text of a file. What a policy means is what Postgres stored.
//! - A run that has nothing to do takes no lock but those of reading.
//! - What is not declared is left alone.

mod apply;
mod apply_error;
pub mod attack;
mod change;
mod check;
mod declare;
pub mod explain;
mod facts;
mod message;
pub mod mutate;
mod parts;
pub mod persona;
mod plan;
mod probe;
mod read;
mod record;
mod script;
mod state;
pub mod testing;
pub mod trial;

pub use apply::{Applied, ApplyContext, ApplySettings, apply};
pub use apply_error::{ApplyError, Blocker};
pub use change::{Change, Kind};
pub use check::{Finding, Reason};
pub use declare::{DeclareError, declare, declare_on_target, declare_recipe};
pub use facts::{ReadError, read_facts};
pub use persona::{Persona, PersonaError, Personas};
pub use plan::{AccessPlan, AccessPlanError, Orphans, plan};
pub use read::{Seen, is_current, read_access};
pub use script::{PolicyFile, PolicyScript, ScriptError};
