//! Fixtures of tests that need a real Postgres.
//!
//! Every test gets a database of its own on the scratch server, which all tests share, in parallel and between runs:
//!
//! ```no_run
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let database = palisade_tests::supabase_database().await;
//! let mut connection = database.connect().await.unwrap();
//! # }
//! ```
//!
//! Nobody has to drop it: databases whose test has ended are removed by the next test. Which Postgres it is follows from
//! the environment as in the product: `PALISADE_PG_BIN`, `PALISADE_PG_ARCHIVE`, else the newest installed one.
//!
//! Fixtures panic when something is missing. A test that cannot run must not pass.

mod archives;
mod command;
pub mod convergence;
mod databases;
mod directory;
mod pgbouncer;
mod program;
mod proxy;
mod server;
mod until;

pub use archives::archive;
pub use command::{CommandProject, Ended};
pub use databases::{connection, database, database_with, query, scratch, settings, supabase_database};
pub use directory::Directory;
pub use pgbouncer::PgBouncer;
pub use proxy::{Fault, Moment, Passed, Proxy};
pub use server::{Server, ServerFiles};
pub use until::until;
