//! `palisade`: the commands of `cargo xtask` as one installable program.

use palisade_cli::CliRunner;
use std::process::ExitCode;

fn main() -> ExitCode {
    CliRunner::new().called("palisade").run()
}
