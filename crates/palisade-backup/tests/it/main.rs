//! Backups of real servers.

#![allow(clippy::unwrap_used, reason = "what helpers of tests do not expect ends the test")]

mod broken;
mod content;
mod create;
mod race;
mod restore;
mod restore_jobs;
mod restore_supabase;
mod restore_swap;
mod secrets;
mod support;
mod verify;
mod versions;
