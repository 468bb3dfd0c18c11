//! Tests on real servers.

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
