//! Running the programs of Postgres.

use std::io;
use std::process::{Output, Stdio};

use camino::Utf8Path;
use tokio::process::Command;

use crate::account::Account;
use crate::settings::EmbeddedSettings;

/// Runs a program to its end and collects what it writes.
///
/// It runs as `account`, in `directory`, and sees nothing of our environment but what the settings allow. Messages are
/// in English whatever the user's locale is, because we look for words in them.
pub(crate) async fn run(
    settings: &EmbeddedSettings,
    account: &Account,
    directory: &Utf8Path,
    program: &Utf8Path,
    arguments: &[&str],
) -> io::Result<Output> {
    run_with(settings, account, directory, program, arguments, &[]).await
}

/// As [`run`], with further variables for this one program.
pub(crate) async fn run_with(
    settings: &EmbeddedSettings,
    account: &Account,
    directory: &Utf8Path,
    program: &Utf8Path,
    arguments: &[&str],
    variables: &[(&'static str, String)],
) -> io::Result<Output> {
    let mut command = command(program);
    command
        .args(arguments)
        .current_dir(directory)
        .env_clear()
        .envs(settings.child_variables.iter().map(|(name, value)| (name, value)))
        .env("LC_ALL", "C")
        .env("HOME", account.home.as_str())
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null());
    if account.switch {
        // The standard library drops root's supplementary groups when it changes the user.
        command.uid(account.uid).gid(account.gid);
    }
    command.output().await
}

/// What a program wrote, on both streams, for an error message.
pub(crate) fn said(output: &Output) -> String {
    let text = [&output.stdout, &output.stderr].map(|stream| String::from_utf8_lossy(stream).trim().to_owned());
    let text = text.iter().filter(|it| !it.is_empty()).cloned().collect::<Vec<_>>().join("\n");
    if text.is_empty() { format!("it ended with {}", output.status) } else { text }
}

#[allow(clippy::disallowed_methods, reason = "the one place of this crate that starts programs; see `run`")]
fn command(program: &Utf8Path) -> Command {
    Command::new(program)
}
