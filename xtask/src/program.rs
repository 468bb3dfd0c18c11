//! Starting programs.

use palisade_cli::CommandError;
use std::ffi::OsStr;
use std::path::Path;
use std::process::Stdio;

/// What `cargo run` tells us about our own package. Cargo below us must not see it: build scripts that look there (that of
/// `ring` does) would run again, and most dependencies would be compiled again, whenever `cargo xtask test` comes after a
/// plain `cargo test`, and the other way round.
const OF_OUR_PACKAGE: [&str; 8] = [
    "CARGO_MANIFEST_DIR",
    "CARGO_MANIFEST_LINKS",
    "CARGO_PKG_NAME",
    "CARGO_PKG_VERSION_MAJOR",
    "CARGO_PKG_VERSION_MINOR",
    "CARGO_PKG_VERSION_PATCH",
    "CARGO_PKG_VERSION_PRE",
    "OUT_DIR",
];

/// Runs a program in `directory` and waits for it. What it prints goes to standard error: a result of ours is on standard
/// output.
#[allow(
    clippy::disallowed_methods,
    reason = "cargo and pip get no secret, and their output is what the user wants to see"
)]
pub(crate) async fn run(
    program: &str,
    arguments: &[String],
    directory: &Path,
    variables: &[(&str, &OsStr)],
) -> Result<(), CommandError> {
    let line = format!("{program} {}", arguments.join(" "));
    let mut command = tokio::process::Command::new(program);
    command.args(arguments).current_dir(directory).stdin(Stdio::null()).stdout(std::io::stderr()).kill_on_drop(true);
    for name in OF_OUR_PACKAGE {
        command.env_remove(name);
    }
    command.envs(variables.iter().copied());
    let status = command.status().await.map_err(|error| {
        CommandError::failed("program-missing", format!("`{program}` could not be started: {error}"))
            .help(format!("install `{program}`, or put it on the PATH"))
    })?;
    if status.success() {
        return Ok(());
    }
    Err(CommandError::failed("program-failed", format!("`{line}` in {} ended with {status}", directory.display())))
}

/// Runs a program in `directory` and gives back what it prints on standard output.
#[allow(clippy::disallowed_methods, reason = "dpkg gets no secret")]
pub(crate) async fn read(program: &str, arguments: &[String], directory: &Path) -> Result<String, CommandError> {
    let mut command = tokio::process::Command::new(program);
    command.args(arguments).current_dir(directory).stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let output = command.output().await.map_err(|error| {
        CommandError::failed("program-missing", format!("`{program}` could not be started: {error}"))
    })?;
    if !output.status.success() {
        return Err(CommandError::failed("program-failed", format!("`{program}` ended with {}", output.status)));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
