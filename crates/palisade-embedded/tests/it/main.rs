//! Tests on real servers.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic, as tests do")]

mod archive;
mod crash;
mod dev;
mod installation;
mod owner;
mod places;
mod process;
mod project;
mod scratch;
mod scratch_faults;
mod supabase;
mod user;
