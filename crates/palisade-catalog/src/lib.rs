//! What a database holds, as its own catalog shows it: a sorted list of objects, each with a definition that the server
//! wrote. Two databases are compared object by object, and a whole one has a fingerprint.
//!
//! Definitions are opaque here. They come from the server's deparser with an empty `search_path`, so that two databases
//! that mean the same say the same; text from a migration file never gets in.
//!
//! Invariant: this crate does no input or output and knows no database driver.

mod difference;
mod fingerprint;
mod object;

pub use difference::{Difference, difference};
pub use fingerprint::Fingerprint;
pub use object::{Catalog, ObjectKey, ObjectKind};
