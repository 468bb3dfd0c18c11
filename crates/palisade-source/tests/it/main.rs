//! Files on real servers.

#![allow(clippy::unwrap_used, reason = "a fixture that fails is a test that fails")]

mod load;
mod prove;
mod support;
mod workbench;
