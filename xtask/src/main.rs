//! `cargo xtask`: Palisade's commands, and `test` of this repository.

mod archives;
mod pgbouncer;
mod program;
mod test;

use palisade_cli::CliRunner;
use std::process::ExitCode;

fn main() -> ExitCode {
    CliRunner::new().command("test", test::test).run()
}
