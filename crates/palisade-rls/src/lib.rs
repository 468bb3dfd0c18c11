//! x
mod check;
mod script;
pub use check::{Finding, Reason};
pub use script::{PolicyFile, PolicyScript, ScriptError};
