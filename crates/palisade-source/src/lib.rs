//! Anything that a catalog can be made from: databases, SQL files, migrations, snapshots.
//!
//! Invariant: nothing is normalised. Whatever is written in files is loaded into a throwaway database, and what that server
//! says of it is compared.

mod comparable;
mod external;
mod live;
mod snapshot;
mod source;

pub use comparable::{Part, comparable, made_by, usual_owner, version_mismatch};
pub use external::{External, is_supabase};
pub use live::{LiveError, read_live};
pub use snapshot::{SnapshotFileError, read_snapshot, write_snapshot};
pub use source::{Source, SourceSyntaxError};
