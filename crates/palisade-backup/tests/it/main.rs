//! Backups of real servers.

#![allow(clippy::unwrap_used, reason = "all of this is tests, helpers included")]

mod broken;
mod content;
mod create;
mod cut;
mod damage;
mod many;
mod memory;
mod race;
mod restore;
mod s3;
mod secrets;
#[path = "../../../palisade-store/tests/it/server.rs"]
mod server;
mod support;
mod verify;
mod versions;
