//! Streams, JSON and exit codes.

use crate::support::{Ended, misbehave, palisade, run};
use serde_json::json;
use std::process::Stdio;

const SECRET: &str = "hunter2-\u{e9}%";

#[test]
fn a_wrong_word_is_exit_2_on_standard_error() {
    let directory = tempfile::tempdir().unwrap();
    let ended = run(&mut palisade(directory.path()), "completions bash --nope").expect(2);
    assert_eq!(ended.out, "");
    assert!(ended.err.starts_with("error: unexpected argument '--nope' found"), "{}", ended.err);
}

#[test]
fn a_wrong_word_with_output_json_is_one_object() {
    let directory = tempfile::tempdir().unwrap();
    let ended = run(&mut palisade(directory.path()), "--env prod completions --nope --output json").expect(2);
    assert_eq!(ended.err, "");
    let object = ended.json();
    assert_eq!(object["command"], "completions");
    assert_eq!(object["env"], "prod");
    assert_eq!(object["status"], "usage");
    assert_eq!(object["error"]["code"], "usage");
    assert_eq!(object["error"]["message"], "unexpected argument '--nope' found");
    assert!(object["error"]["help"].as_str().unwrap().contains("Usage: palisade completions"));
}

#[test]
fn without_a_command_the_first_page_is_shown() {
    let directory = tempfile::tempdir().unwrap();
    let ended = run(&mut palisade(directory.path()), "").expect(2);
    assert!(ended.out.is_empty() && ended.err.contains("Start here:"), "{ended:#?}");
    let object = run(&mut palisade(directory.path()), "--output json").expect(2).json();
    assert_eq!(object["error"]["message"], "a command is missing");
}

#[test]
fn the_object_has_its_keys_in_the_order_of_the_contract() {
    let directory = tempfile::tempdir().unwrap();
    let ended = run(&mut misbehave(directory.path()), "chatter hello --output json").expect(0);
    assert_eq!(
        ended.out,
        "{\"command\":\"chatter\",\"env\":\"dev\",\"status\":\"done\",\"data\":{\"text\":\"hello\"}}\n"
    );
}

#[test]
fn a_result_that_cannot_be_written_is_a_failure() {
    let directory = tempfile::tempdir().unwrap();
    for format in ["text", "json"] {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let mut command = misbehave(directory.path());
        command.args(["chatter", "hello", "--quiet", "--output", format]).stdout(full);
        let ended: Ended = command.stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap().into();
        let ended = ended.expect(1);
        assert!(ended.err.starts_with("error: the result cannot be written to standard output: "), "{}", ended.err);
    }
}

#[test]
fn results_go_to_standard_output_and_talk_to_standard_error() {
    let directory = tempfile::tempdir().unwrap();
    let ended = run(&mut misbehave(directory.path()), "chatter hello").expect(0);
    assert_eq!(ended.out, "hello\n");
    // No third line: progress is for terminals only.
    assert_eq!(ended.err, "hello\nwarning: hello\n");
    let ended = run(&mut misbehave(directory.path()), "chatter hello --quiet").expect(0);
    assert_eq!((ended.out.as_str(), ended.err.as_str()), ("hello\n", ""));
}

#[test]
fn colours_are_for_terminals_and_for_those_who_ask() {
    let directory = tempfile::tempdir().unwrap();
    let warning = "\u{1b}[1m\u{1b}[33mwarning";
    assert!(!run(&mut misbehave(directory.path()), "chatter hello").err.contains('\u{1b}'));
    assert!(run(&mut misbehave(directory.path()), "chatter hello --color always").err.contains(warning));
    assert!(!run(&mut misbehave(directory.path()), "chatter hello --color never").err.contains('\u{1b}'));
    assert!(!run(&mut misbehave(directory.path()), "chatter --nope --color never").err.contains('\u{1b}'));
}

#[test]
fn the_redactor_sees_every_way_out() {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("postgres://me:{}@db.example.com/app", SECRET.replace('%', "%25").replace('\u{e9}', "%C3%A9"));
    for line in ["chatter", "panic", "chatter --output json", "panic --output json", "chatter --nope"] {
        let mut command = misbehave(directory.path());
        command.env("DATABASE_URL", &url).args(line.split_whitespace()).arg(&url).env("RUST_BACKTRACE", "1");
        let ended = run(&mut command, "");
        for text in [&ended.out, &ended.err] {
            assert!(!text.contains("hunter2"), "{line}: {ended:#?}");
        }
        let said = format!("{}{}", ended.out, ended.err);
        assert!(said.contains("db.example.com") || said.contains("nope"), "{line}: {ended:#?}");
    }
}

#[test]
fn a_panic_is_exit_1_and_still_one_object() {
    let directory = tempfile::tempdir().unwrap();
    let ended = run(&mut misbehave(directory.path()), "panic here").expect(1);
    assert_eq!(ended.out, "");
    assert!(ended.err.starts_with("error: this is a bug in Palisade: cannot go on with here (at "), "{}", ended.err);
    let ended = run(&mut misbehave(directory.path()), "panic here --output json").expect(1);
    assert_eq!(ended.json()["error"]["code"], json!("bug"));
}

#[test]
fn help_and_version_are_results() {
    let directory = tempfile::tempdir().unwrap();
    assert_eq!(run(&mut palisade(directory.path()), "--version").expect(0).out, "palisade 0.1.0\n");
    let help = run(&mut palisade(directory.path()), "completions --help --output json").expect(0).json();
    assert!(help["data"]["text"].as_str().unwrap().starts_with("Print the completion script"));
}

#[test]
fn logs_go_to_standard_error_when_asked_for() {
    let project = crate::support::project();
    let quiet = project.run("env show").expect(0);
    assert_eq!(quiet.err, "");
    let loud = project.run("env show -v").expect(0);
    assert!(loud.err.contains("INFO environment"), "{}", loud.err);
    assert_eq!(quiet.out, loud.out);
    let mut command = palisade(project.path());
    let wrong = run(command.env("PALISADE_LOG", "palisade=loud"), "env show").expect(2);
    assert!(wrong.err.contains("help: set `PALISADE_LOG` to"), "{}", wrong.err);
}

#[test]
fn a_refused_line_names_its_subcommand() {
    let object = crate::support::project().run("backup restore --output json").expect(2).json();
    assert_eq!((&object["command"], &object["status"]), (&"backup restore".into(), &"usage".into()));
}
