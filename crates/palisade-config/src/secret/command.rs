//! Running the program that prints a secret.

use std::io::Read;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::{MAX_LENGTH, SecretError};
use crate::Variables;

/// The program of `argv`.
pub(super) fn program(argv: &[String]) -> &str {
    argv.first().map_or("", String::as_str)
}

/// What the program prints within `timeout`. What it says on stderr is dropped: it could hold anything.
pub(super) fn run(argv: &[String], variables: &Variables, timeout: Duration) -> Result<Vec<u8>, SecretError> {
    let name = program(argv).to_owned();
    let start = |source| SecretError::Start { program: name.clone(), source };
    let deadline = Instant::now() + timeout;
    let mut child = spawn(argv, variables).map_err(start)?;
    let (sender, output) = mpsc::channel();
    if let Some(stdout) = child.stdout.take() {
        // Detached: a grandchild can keep the pipe open after the program was stopped.
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            let outcome = stdout.take(MAX_LENGTH + 1).read_to_end(&mut bytes).map(|_| bytes);
            drop(sender.send(outcome));
        });
    }
    let late = || SecretError::TimedOut { program: name.clone(), after: timeout };
    let outcome = output.recv_timeout(deadline.saturating_duration_since(Instant::now()));
    let status = wait(&mut child, deadline).map_err(start)?.ok_or_else(late)?;
    // A program that prints without end is killed by its broken pipe; its output is the better thing to complain about.
    let is_flood = matches!(&outcome, Ok(Ok(bytes)) if bytes.len() as u64 > MAX_LENGTH);
    if !status.success() && !is_flood {
        return Err(SecretError::Failed { program: name.clone(), status: status.to_string() });
    }
    outcome.map_err(|_| late())?.map_err(start)
}

#[allow(
    clippy::disallowed_methods,
    reason = "the one program this crate runs is the one that `config/` names to print a secret"
)]
fn spawn(argv: &[String], variables: &Variables) -> std::io::Result<Child> {
    let mut command = Command::new(program(argv));
    command.args(argv.iter().skip(1)).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    for name in variables.secret_names() {
        command.env_remove(name);
    }
    command.spawn()
}

/// The end of `child`, or `None` if it had to be stopped at the deadline.
fn wait(child: &mut Child, deadline: Instant) -> std::io::Result<Option<ExitStatus>> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= deadline {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        // The standard library has no wait with a time limit.
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_does_not_end_is_stopped() {
        let none = Variables::from_pairs::<&str, &str>([]);
        // The second keeps its output open in a process of its own, which is not ours to stop.
        for script in ["exec sleep 1000", "sleep 3 & exec sleep 1000"] {
            let argv = ["sh", "-c", script].map(str::to_owned);
            let outcome = run(&argv, &none, Duration::from_millis(50));
            assert!(matches!(outcome, Err(SecretError::TimedOut { .. })), "{outcome:?}");
        }
    }
}
