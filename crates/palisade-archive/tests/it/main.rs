//! Archives of real databases.

#![allow(clippy::unwrap_used, reason = "a test whose helpers fail has failed")]

mod damage;
mod filter;
mod rows;
mod stream;
mod support;
