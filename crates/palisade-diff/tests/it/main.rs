//! Differences that are run.

#![allow(clippy::unwrap_used, reason = "a fixture that fails is a test that fails")]

mod commits;
mod fixtures;
mod locks;
mod random;
