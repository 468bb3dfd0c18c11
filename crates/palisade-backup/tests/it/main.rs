//! Backups of real servers.

mod broken;
mod content;
mod create;
mod cut;
mod damage;
mod many;
mod memory;
mod race;
mod restore;
mod s3;
mod secrets;
#[path = "../../../palisade-store/tests/it/server.rs"]
#[allow(
    dead_code,
    clippy::unwrap_used,
    reason = "the tests of `palisade-store` need more of it, and call it from tests only"
)]
mod server;
mod support;
mod verify;
mod versions;
