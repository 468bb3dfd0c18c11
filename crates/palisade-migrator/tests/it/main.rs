//! Migrations on real databases.

#![allow(clippy::unwrap_used, reason = "a fixture that fails is a test that fails")]

mod apply;
mod concurrent;
mod cut;
mod fixture;
mod history;
mod interrupted;
mod lost_commit;
mod many;
mod no_transaction;
mod repair;
mod reset;
mod revert;
mod seed;
mod sqlx_compatibility;
mod terminated;
