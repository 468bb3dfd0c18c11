//! Row security on a real Postgres.

#![allow(clippy::unwrap_used, reason = "a test whose helpers fail has failed")]

mod attack;
mod busy;
mod errors;
mod example;
mod explain;
mod read;
mod readers;
mod repeat;
mod support;
mod testing;
