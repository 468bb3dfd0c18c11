//! Backups of real databases.

#![allow(clippy::unwrap_used, reason = "a test whose helpers fail has failed")]

mod broken;
mod create;
mod restore;
mod secrets;
mod support;
mod versions;
