//! The command line of Palisade, as a library.
//!
//! `cargo xtask` of this repository and the `palisade` program are both [`CliRunner::new`] and nothing else. A workspace
//! that wants commands of its own next to Palisade's adds them with [`CliRunner::command`]:
//!
//! ```no_run
//! use palisade_cli::{CliRunner, CommandError, Context, Outcome, clap};
//!
//! /// Say hello to the database team
//! #[derive(clap::Args)]
//! struct Hello {
//!     /// Whom to greet
//!     name: String,
//! }
//!
//! async fn hello(_: &mut Context, args: Hello) -> Result<Outcome, CommandError> {
//!     Ok(Outcome::done(format!("Hello, {}!", args.name)))
//! }
//!
//! fn main() -> std::process::ExitCode {
//!     CliRunner::new().command("hello", hello).run()
//! }
//! ```
//!
//! The contract every command keeps, own ones included: results on standard output, progress and logs on standard error,
//! exactly one JSON object with `--output json`, and the exit codes of [`Exit`].

mod arguments;
mod backups;
mod commands;
mod context;
mod error;
mod generate;
mod ground;
mod help;
mod interrupt;
mod logging;
mod names;
mod outcome;
mod panics;
mod printer;
mod prompt;
mod protection;
mod provenance;
mod push;
mod report;
mod runner;
mod security;
mod selection;
mod sources;
mod streams;
mod table;
mod units;

pub use arguments::{Color, ConnectionArgs, GlobalArgs, OutputFormat};
pub use clap;
pub use context::Context;
pub use error::CommandError;
pub use help::Group;
pub use outcome::{Exit, Outcome};
pub use printer::Printer;
pub use prompt::Prompt;
pub use runner::CliRunner;
pub use selection::Selection;
pub use streams::{Sink, Streams};
