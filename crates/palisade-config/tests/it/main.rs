//! The configuration, read from real files.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

mod databases;
mod fixture;
mod layers;
mod leaks;
mod projects;
mod sources;
mod urls;
mod variables;
