//! Backups of real servers.

#![allow(clippy::unwrap_used, reason = "what helpers of tests do not expect ends the test")]

mod broken;
mod by_hand;
mod compare;
mod content;
mod create;
mod cut;
mod damage;
mod many;
mod meanwhile;
mod memory;
mod race;
mod restore;
mod restore_jobs;
mod restore_supabase;
mod restore_swap;
mod retention;
mod room;
mod s3;
mod secrets;
#[path = "../../../palisade-store/tests/it/server.rs"]
mod server;
mod session_settings;
mod support;
mod verify;
mod versions;
