//! Backups: made with `pg_dump`, kept in a directory, put back with `pg_restore`.
//!
//! [`create()`] dumps a database into a store, [`list()`] shows what is there, [`restore()`] puts a backup into another
//! database. A backup is a dump and its [`Manifest`]; what breaks half way never looks like one.
//!
//! Invariants:
//! - No password stands in the arguments of a program, nor, where a file can hold it, in its environment.
//! - A file under a backup's name is complete and on the disk. The manifest is written last.
//! - A protected database cannot be restored onto: no [`RestoreTarget`] can be made of one.

mod create;
mod create_error;
mod credentials;
mod manifest;
mod name;
mod program;
mod restore;
mod restore_error;
mod said;
mod snapshot;
mod store;

pub use create::{CreateOptions, Progress, create};
pub use create_error::CreateError;
pub use manifest::{AppliedMigration, MANIFEST_FORMAT, Manifest, Source};
pub use name::{BackupName, BackupNameError};
pub use restore::{
    Overwrite, Owners, Possible, RestoreOptions, RestoreProgress, RestoreTarget, Restored, TargetError, look, restore,
    verify,
};
pub use restore_error::{RestoreError, VerifyError};
pub use said::Said;
pub use store::{Entry, State, StoreError, find, list};
