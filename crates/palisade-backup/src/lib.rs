//! Backups: read from one state of a database, compressed and encrypted on the way, known to restore.
//!
//! [`create()`] backs a database up into a [`Store`](palisade_store::Store), [`list()`] shows what is there, [`verify()`] says whether
//! a backup is what its [`Manifest`] says, [`restore()`] puts one into another database, [`retention`] says which may go,
//! [`compare()`] what changed between two.
//!
//! Invariants:
//! - No password stands in the arguments of a program, nor, where a file can hold it, in its environment.
//! - The manifest is written last: what has none is no backup, and what has one was read from one snapshot to its end.
//! - What a restore leaves incomplete says so: [`RestoreError::Incomplete`] is the only one.
//! - A protected database cannot be restored onto: no [`RestoreTarget`] can be made of one.

mod catalogue;
mod compare;
mod contents;
mod create;
mod create_error;
mod credentials;
mod fetch;
mod holder;
mod hook;
mod inventory;
mod keys;
mod manifest;
mod name;
mod pin;
mod program;
mod ranges;
mod restore;
mod restore_error;
pub mod retention;
mod said;
mod seal;
mod session_settings;
mod ship;
mod stopwatch;
mod thread;
mod verdict;
mod verify;
mod verify_error;

pub use catalogue::{Entry, FindError, State, delete, find, latest, list, newest};
pub use compare::{
    Change, Comparison, ExtensionChange, RowsChange, SequenceChange, SequencePosition, TableRows, compare, shrunk,
};
pub use create::{CreateOptions, EngineChoice, Progress, create};
pub use create_error::CreateError;
pub use fetch::FetchError;
pub use hook::{HookError, hook};
pub use keys::{Identities, KeyError, Recipients};
pub use manifest::{
    AppliedMigration, Content, Encryption, Engine, Exclusion, Extension, MANIFEST_FORMAT, Manifest, Part, Sequence,
    SnapshotFacts, Source, StageDuration, TableContents,
};
pub use name::{BackupName, BackupNameError};
pub use pin::{Pin, pin, unpin};
pub use restore::{
    FreeSpace, Overwrite, Owners, Possible, RestoreOptions, RestoreProgress, RestoreTarget, Restored, Room, Selection,
    Stage, Swapped, TargetError, look, look_swapped, restore, restore_swapped, restore_swapped_if, restore_then,
};
pub use restore_error::RestoreError;
pub use said::Said;
pub use verdict::Verdict;
pub use verify::{Laboratory, Level, VerifyProgress, verify};
pub use verify_error::VerifyError;
