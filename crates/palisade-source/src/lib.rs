//! Anything that a catalog can be made from: databases, SQL files, migrations, snapshots.
//!
//! A [`Source`] is what people write. Databases are read by [`read_live`], files by a [`Workbench`], which loads them into a
//! throwaway database and keeps what it read, so that the same files need no server again. [`comparable`] leaves out what
//! neither side may change.
//!
//! Invariant: nothing is normalised. Whatever is written in files, what a server says of it is compared.

mod cache;
mod comparable;
mod copy;
mod directory;
mod external;
mod live;
mod load;
mod migration;
mod prove;
mod pull;
mod rename;
mod snapshot;
mod source;
mod summary;
mod workbench;
mod workflow;

pub use cache::CatalogCache;
pub use comparable::{Part, comparable, made_by, owned, usual_owner, version_mismatch};
pub use copy::{CopyError, copy, renamed_copy};
pub use directory::{DirectoryError, SqlFile, read_directory};
pub use external::{External, grant_regime, is_supabase};
pub use live::{LiveError, read_live};
pub use load::{LoadError, MissingRoles, load};
pub use migration::migration_text;
pub use prove::{Proof, ProofError, Proven, prove};
pub use pull::{Placed, PullError, place, pull};
pub use rename::{NewName, NewNameError, Renaming, renamings};
pub use snapshot::{SnapshotFileError, read_snapshot, write_snapshot};
pub use source::{Source, SourceSyntaxError};
pub use summary::summary;
pub use workbench::{Base, Blueprint, MakeError, Temporary, Workbench};
pub use workflow::{Declares, Managed};
