//! Which backups may go.

mod calendar;
mod laws;
