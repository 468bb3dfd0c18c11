//! What a database holds, as its own catalog shows it: objects, each with what it is, whose it is, who may do what with it, what
//! is said about it, and what it needs. Two databases are compared object by object, and a whole one has a fingerprint.
//!
//! Every text of SQL in here comes from the server's deparser with an empty `search_path`, so that two databases that mean the
//! same say the same; text from a migration file never gets in.
//!
//! Invariant: this crate does no input or output and knows no database driver.

pub mod definition;
mod difference;
mod facet;
mod fingerprint;
mod key;
mod kind;
mod object;
mod privileges;
mod snapshot;

pub use definition::Definition;
pub use difference::{Change, Difference, changes, difference};
pub use facet::Compared;
pub use fingerprint::Fingerprint;
pub use key::ObjectKey;
pub use kind::ObjectKind;
pub use object::{Catalog, Object, Server, Strength};
pub use privileges::{Granted, Privilege, Privileges, array_items};
pub use snapshot::SnapshotError;
