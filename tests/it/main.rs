//! Whole commands on real servers, faults included.

#![allow(clippy::unwrap_used, reason = "a fixture that fails is a test that fails")]

mod backups;
mod conformance;
mod interrupted;
mod migrate_down;
mod protection;
mod provenance;
mod push_cut;
mod push_killed;
mod push_twice;
mod restore_protected;
mod rls_access;
mod rls_cases;
mod rls_pooled;
mod rls_test;
mod rls_without_server;
mod schema_diff;
mod schema_generate;
mod schema_pull;
mod tidy;
