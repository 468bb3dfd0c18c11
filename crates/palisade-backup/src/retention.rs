//! Which backups may go.
