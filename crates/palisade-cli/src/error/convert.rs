//! From the errors of every crate to a [`CommandError`]: the one place where codes, exit codes and advice of errors are
//! decided.

mod backup;
mod config;
mod db;
mod embedded;
mod guard;
mod migrator;
mod rls;
mod source;
mod trial;
