//! Backups of real servers.

mod broken;
mod by_hand;
mod compare;
mod content;
mod create;
mod race;
mod restore;
mod retention;
mod secrets;
mod support;
mod verify;
mod versions;
