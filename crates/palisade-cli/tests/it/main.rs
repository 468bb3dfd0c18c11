//! Behaviour of the command line: exit codes, streams, JSON, secrets.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod completions;
mod contract;
mod env;
mod files;
mod help;
mod local_server;
mod process;
mod prompt;
mod secrets;
mod support;
mod workflow;
