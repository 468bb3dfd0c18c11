//! Backups of real servers.

#![allow(clippy::unwrap_used, reason = "what helpers of tests do not expect ends the test")]

mod broken;
mod by_hand;
mod compare;
mod content;
mod create;
mod race;
mod restore;
mod restore_jobs;
mod restore_supabase;
mod restore_swap;
mod retention;
mod secrets;
mod support;
mod verify;
mod versions;
