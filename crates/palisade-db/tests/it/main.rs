//! Connections, locks, batches and catalogs on real servers.

#![allow(clippy::unwrap_used, reason = "a fixture that fails is a test that fails")]

mod batch;
mod certificates;
mod help;
mod introspect;
mod limits;
mod lock;
mod network;
mod pooler;
mod secrets;
mod support;
mod tls;
