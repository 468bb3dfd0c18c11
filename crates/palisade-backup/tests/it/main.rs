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
mod secrets;
mod support;
mod verify;
mod versions;
