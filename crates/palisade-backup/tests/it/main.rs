//! Backups of real servers.

mod broken;
mod content;
mod create;
mod damage;
mod many;
mod race;
mod restore;
mod secrets;
mod support;
mod verify;
mod versions;
