//! Migrations: files, their history in the database, and the way from one to the other.
//!
//! ```text
//! source::read_dir ─┐
//!                   ├─ reconcile (pure) ─ plan ─ ApprovedPlan ─ apply
//! history::load ────┘
//! ```
//!
//! Files and checksums are those of sqlx, and the history table has its six columns, so that `sqlx migrate` and an
//! application that runs `sqlx::migrate!` at start see the same truth (`sqlx.toml` names the table). Beside it stands
//! `palisade.attempts`, in which every try is written down before it begins.
//!
//! Invariant: everything is reconciled before anything is applied; whatever kills us, the next run learns from the database
//! alone what was done.

mod apply;
mod check;
mod create;
mod error;
mod halfway;
mod history;
mod journal;
mod migration;
mod reconcile;
mod recover;
mod repair;
mod reset;
mod run;
mod seed;
mod source;
mod template;
mod unit;

pub use apply::{Applied, ApplyContext, Progress, apply};
pub use check::{CheckError, check};
pub use create::{Content, CreateError, create};
pub use error::{ApplyCause, ApplyError, Done};
pub use halfway::halfway;
pub use history::{AppliedMigration, Attempt, AttemptState, History, HistoryTables, Mirror, load};
pub use journal::{record_restore, record_row_security};
pub use migration::{Checksum, FileNameError, Migration, MigrationFile, Version};
pub use reconcile::{DriftError, Entry, OutOfOrder, Reconciliation, State, reconcile};
pub use repair::{Repair, RepairError, is_needless, repair};
pub use reset::reset;
pub use run::Run;
pub use seed::{SeedError, read_seeds, seed};
pub use source::{SourceError, read_dir};
