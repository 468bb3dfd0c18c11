//! Migrations on real databases.

#![allow(clippy::unwrap_used, reason = "a fixture that fails is a test that fails")]

mod apply;
mod fixture;
mod no_transaction;
mod sqlx_compatibility;
