//! Where backups lie: a directory, or an S3-compatible bucket.
//!
//! It knows nothing of backups: [`Key`]s and bytes. What both kinds of [`Store`] promise:
//!
//! - An object is there as a whole or not at all, whatever happens to who writes it.
//! - No object is ever replaced.
//! - What is read is what was written, or an error: never less.

mod directory;
mod error;
mod key;
mod location;
mod object;
mod reader;
mod s3;
mod settings;
mod store;
mod writer;

pub use error::StoreError;
pub use key::Key;
pub use location::{Location, S3Location};
pub use object::ObjectMeta;
pub use reader::ObjectReader;
pub use settings::{Credentials, S3Settings};
pub use store::{Leftover, Store};
pub use writer::ObjectWriter;
