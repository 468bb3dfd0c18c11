//! Row security on a real Postgres.

#![allow(clippy::unwrap_used, reason = "a test whose helpers fail has failed")]

mod access;
mod attack;
mod busy;
mod change;
mod conditions;
mod difference;
mod errors;
mod example;
mod explain;
mod guarantee;
mod lint;
mod on_target;
mod read;
mod readers;
mod repeat;
mod support;
mod testing;
mod views;
