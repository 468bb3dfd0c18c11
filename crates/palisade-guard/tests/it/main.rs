//! The gate on real databases.

#![allow(clippy::unwrap_used, reason = "a fixture that fails is a test that fails")]

mod fixture;
mod gate;
mod plain;
mod restore;
