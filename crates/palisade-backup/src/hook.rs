//! Programs of the user's that hear of a backup.

use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::io::AsyncWriteExt;

use crate::program::command_of_user;

/// A program that takes longer is ended.
const LONGEST: Duration = Duration::from_mins(1);

/// Why a program did not hear of a backup.
#[derive(Debug, thiserror::Error)]
pub enum HookError {
    /// It could not be started.
    #[error("`{program}` could not be started: {source}")]
    Start {
        /// Which.
        program: String,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// It did not end well.
    #[error("`{program}` ended with {status}")]
    Failed {
        /// Which.
        program: String,
        /// How it ended.
        status: String,
    },
    /// It did not end.
    #[error("`{program}` did not end within a minute")]
    TimedOut {
        /// Which.
        program: String,
    },
}

impl HookError {
    /// What to do next.
    pub fn help(&self) -> String {
        "run it yourself with a line of JSON on its input; it stands in `[backup] on-success` or `on-failure`"
            .to_owned()
    }
}

/// Runs a program with its arguments, no shell between, and gives it the event as a line of JSON on its input.
///
/// # Errors
///
/// [`HookError`]; nothing is undone because of it.
pub async fn hook(argv: &[String], event: &Value) -> Result<(), HookError> {
    let Some((program, arguments)) = argv.split_first() else { return Ok(()) };
    let mut command = command_of_user(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::null()).kill_on_drop(true);
    let start = |source| HookError::Start { program: program.clone(), source };
    let mut child = command.spawn().map_err(start)?;
    let stdin = child.stdin.take();
    let ending = async {
        if let Some(mut stdin) = stdin {
            // Who does not want to know may close its input.
            let _ = stdin.write_all(format!("{event}\n").as_bytes()).await;
        }
        child.wait().await
    };
    match tokio::time::timeout(LONGEST, ending).await {
        Err(_) => Err(HookError::TimedOut { program: program.clone() }),
        Ok(Err(source)) => Err(start(source)),
        Ok(Ok(status)) if status.success() => Ok(()),
        Ok(Ok(status)) => Err(HookError::Failed { program: program.clone(), status: status.to_string() }),
    }
}
