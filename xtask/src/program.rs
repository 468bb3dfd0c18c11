//! Starting programs.

use palisade_cli::CommandError;
use std::path::Path;
use std::process::Stdio;

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
    variables: &[(&str, &Path)],
) -> Result<(), CommandError> {
    let line = format!("{program} {}", arguments.join(" "));
    let mut command = tokio::process::Command::new(program);
    command.args(arguments).current_dir(directory).stdin(Stdio::null()).stdout(std::io::stderr()).kill_on_drop(true);
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
