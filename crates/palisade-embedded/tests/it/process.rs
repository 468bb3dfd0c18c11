//! Processes that tests start, look at and kill.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use camino::Utf8Path;
use rustix::process::{Pid, Signal, kill_process};

/// Tells a copy of a test which part it plays.
pub(crate) const ROLE: &str = "PALISADE_TEST_ROLE";

/// This test binary once more, running the one test `name` in another role.
#[allow(clippy::disallowed_methods, reason = "only a process can be killed")]
pub(crate) fn same_test(binary: &Utf8Path, name: &str, role: &str) -> Command {
    let mut command = Command::new(binary);
    command.args([name, "--exact", "--nocapture"]).env(ROLE, role).stdin(Stdio::null());
    command
}

/// The role of this process, if it is a copy.
pub(crate) fn role() -> Option<String> {
    palisade_config::Variables::process().get(ROLE).map(str::to_owned)
}

/// Says something to the process that started this one.
pub(crate) fn tell(text: &str) {
    let mut output = std::io::stdout();
    writeln!(output, "\ntold: {text}").unwrap();
    output.flush().unwrap();
}

/// What a line of the other process tells, if it is meant for us.
pub(crate) fn told(line: &str) -> Option<&str> {
    line.strip_prefix("told: ")
}

/// Kills a process and waits until it is gone, or only waits to be collected by its parent.
pub(crate) fn kill(pid: u32) {
    let raw = Pid::from_raw(pid.try_into().unwrap()).unwrap();
    kill_process(raw, Signal::KILL).unwrap();
    while is_alive(pid) {
        thread::sleep(Duration::from_millis(5));
    }
}

pub(crate) fn is_alive(pid: u32) -> bool {
    fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| !line.is_empty())
}

/// The process in a cluster's `postmaster.pid`.
pub(crate) fn postmaster(data: &Utf8Path) -> Option<u32> {
    fs::read_to_string(data.join("postmaster.pid")).ok()?.lines().next()?.parse().ok()
}
