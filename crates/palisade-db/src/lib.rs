//! The only crate that connects to a database.
//!
//! [`connect()`] opens a [`Connection`] and learns what the server is; [`Session`] is a connection that holds Palisade's
//! advisory lock; [`batch`] sends many statements in one message; [`introspect`] reads the catalog. Errors of the server
//! arrive as [`DbError`], with a SQLSTATE and a sentence that says what to do; [`SqlFailure`] places one in a file.
//!
//! Invariant: no password ever reaches a log line, an error or a `Debug` output of this crate.

mod connect;
mod connect_error;
mod connection;
mod copy;
mod error;
mod execute;
mod failure;
mod help;
pub mod introspect;
mod lock;
mod pooler;
mod protection;

pub use connect::{ConnectSettings, connect};
pub use connect_error::{ConnectError, ConnectProblem};
pub use connection::{Connection, Facts, ServerVersion};
pub use copy::{CopyIn, CopyOut, copy_in, copy_out};
pub use error::{DbError, ServerError};
pub use execute::{Batch, BatchError, batch, batch_with};
pub use failure::{SqlFailure, SqlText};
pub use lock::{Holder, LockError, ReconnectError, Session, lock_within_sql};
pub use pooler::Pooling;
pub use protection::{protect, unprotect};
pub use sqlx::Row;
pub use sqlx::postgres::PgRow;
