//! Programs of tests.

use std::fs::File;
use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};

use camino::Utf8Path;
use palisade_embedded::Account;
use rustix::process::{Pid, Signal, kill_process};

/// A program that runs until this value is dropped, as the user who runs our servers.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    stop: Signal,
}

/// The user who runs our servers: ourselves, unless we are root, which neither Postgres nor `PgBouncer` accept.
pub(crate) fn account() -> Account {
    Account::for_servers(crate::settings().sudo_uid).expect("a user to run servers")
}

/// Makes `account` the owner of what we made for it.
pub(crate) fn give(path: &Utf8Path, account: &Account) {
    if account.switch {
        chown(path, Some(account.uid), Some(account.gid)).expect("a file of ours");
    }
}

/// Starts a program with its output in a file. `stop` is the signal that ends it.
pub(crate) fn start(program: &Utf8Path, arguments: &[&str], log: &Utf8Path, stop: Signal) -> Running {
    let log = File::create(log).expect("a log file");
    let mut command = command(program);
    command.args(arguments).stdout(log.try_clone().expect("a log file")).stderr(log);
    let child = command.spawn().unwrap_or_else(|error| panic!("`{program}` cannot be started: {error}"));
    Running { child, stop }
}

/// Runs a program to its end.
///
/// # Panics
///
/// If it fails.
pub(crate) fn run(program: &Utf8Path, arguments: &[&str]) {
    let output = command(program).args(arguments).output();
    let output = output.unwrap_or_else(|error| panic!("`{program}` cannot be started: {error}"));
    assert!(output.status.success(), "`{program}`: {}", String::from_utf8_lossy(&output.stderr));
}

/// Runs a program to its end and returns what it wrote.
///
/// # Panics
///
/// If it fails, or writes what is no text.
pub(crate) async fn output(program: &Utf8Path, arguments: &[&str]) -> String {
    let mut command = tokio::process::Command::from(command(program));
    let output = command.args(arguments).kill_on_drop(true).output().await;
    let output = output.unwrap_or_else(|error| panic!("`{program}` cannot be started: {error}"));
    assert!(output.status.success(), "`{program}`: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

#[allow(clippy::disallowed_methods, reason = "tests run servers that the product never starts")]
fn command(program: &Utf8Path) -> Command {
    let account = account();
    let mut command = Command::new(program);
    command.env_clear().env("LC_ALL", "C").current_dir("/").stdin(Stdio::null());
    if account.switch {
        command.uid(account.uid).gid(account.gid);
    }
    command
}

/// A port that was free a moment ago.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.local_addr().expect("a port").port()
}

impl Running {
    /// Whether it has not ended by itself.
    pub(crate) fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        if let Some(pid) = pid.filter(|_| self.is_alive()) {
            let _gone = kill_process(pid, self.stop);
        }
        let _ended = self.child.wait();
    }
}
