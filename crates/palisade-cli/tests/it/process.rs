//! Signals.

use crate::support::{Ended, misbehave};
use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

#[track_caller]
fn stops_cleanly(signal: Signal, arguments: &[&str]) -> Ended {
    let directory = tempfile::tempdir().unwrap();
    let sign = directory.path().join("sign");
    let mut child = misbehave(directory.path())
        .arg("hang")
        .arg(&sign)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut err = BufReader::new(child.stderr.take().unwrap());
    let mut said = String::new();
    err.read_line(&mut said).unwrap();
    assert_eq!(said, "hanging\n");
    kill_process(Pid::from_child(&child), signal).unwrap();
    err.read_to_string(&mut said).unwrap();
    let mut ended = Ended::from(child.wait_with_output().unwrap()).expect(130);
    ended.err = said;
    assert_eq!(std::fs::read_to_string(&sign).unwrap(), "cleaned up");
    ended
}

#[test]
fn a_signal_is_exit_130_after_the_guards_ran() {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let ended = stops_cleanly(signal, &[]);
        assert_eq!((ended.out.as_str(), ended.err.as_str()), ("", "hanging\nerror: interrupted\n"));
    }
}

#[test]
fn an_interrupted_command_still_prints_its_object() {
    let object = stops_cleanly(Signal::INT, &["--output", "json"]).json();
    assert_eq!(object["status"], "interrupted");
    assert_eq!(object["error"]["code"], "interrupted");
}
