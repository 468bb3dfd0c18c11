//! Row security from plain SQL files.
//!
//! The files below `rls/` hold ordinary SQL that can be run any number of times: row security switched on, policies
//! dropped and created, rights revoked and granted, the helper functions of policies. [`PolicyScript::read`] refuses
//! everything else. [`apply`] runs all of them in one transaction and one message, and tells what changed by reading
//! the catalog before and after.
//!
//! ```text
//! PolicyScript::read(rls/) ─▶ to_step() ─▶ Plan ─▶ ApprovedPlan ─▶ apply(session, approved) ─▶ Applied { changes }
//! ```
//!
//! Invariants:
//! - No other session sees a table without its policies: there is one transaction, and a file cannot end it.
//! - Nothing is told from the text of a file. What a policy means is what Postgres stored.
//! - A run that has nothing to do takes no lock but those of reading.

mod apply;
mod apply_error;
pub mod attack;
mod check;
pub mod explain;
mod facts;
mod message;
pub mod mutate;
mod parts;
pub mod persona;
mod record;
mod script;
mod state;
pub mod testing;
pub mod trial;

pub use apply::{Applied, ApplySettings, apply, is_current, preview};
pub use apply_error::{ApplyError, Blocker};
pub use check::{Finding, Reason};
pub use facts::{ReadError, read_facts};
pub use persona::{Persona, PersonaError, Personas};
pub use script::{PolicyFile, PolicyScript, ScriptError};
pub use state::{Change, Kind};
