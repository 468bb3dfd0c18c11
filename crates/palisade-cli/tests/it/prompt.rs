//! Questions and the flags that answer them.

use crate::support::{answered, misbehave, run};
use palisade_cli::{CliRunner, CommandError, Context, Outcome, clap};

#[derive(clap::Args)]
struct Nothing {}

fn asks_yes() -> CliRunner {
    CliRunner::new().command("ask", async |context: &mut Context, _: Nothing| -> Result<Outcome, CommandError> {
        context.prompt.yes("Drop everything?", "--yes").await?;
        Ok(Outcome::done("dropped"))
    })
}

fn asks_name() -> CliRunner {
    CliRunner::new().command("ask", async |context: &mut Context, _: Nothing| -> Result<Outcome, CommandError> {
        context.prompt.typed("This changes `prod`.", "prod", "--approve 123").await?;
        Ok(Outcome::done("changed"))
    })
}

#[test]
fn only_a_yes_is_a_yes() {
    for answer in ["y\n", "YES\n", " yes \n"] {
        let ended = answered(asks_yes(), "ask", answer).expect(0);
        assert_eq!((ended.out.as_str(), ended.err.as_str()), ("dropped\n", "Drop everything? [y/N] "));
    }
    for answer in ["\n", "n\n", "maybe\n", "yes please\n"] {
        assert_eq!(answered(asks_yes(), "ask", answer).expect(4).out, "");
    }
}

#[test]
fn the_name_has_to_be_exactly_right() {
    assert_eq!(answered(asks_name(), "ask", "prod\n").expect(0).out, "changed\n");
    for answer in ["\n", "y\n", "PROD\n", "prod!\n"] {
        let ended = answered(asks_name(), "ask", answer).expect(4);
        assert!(ended.err.contains("nothing was done: `prod` had to be typed"), "{}", ended.err);
    }
}

#[test]
fn without_an_answer_the_flag_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let nobody = [
        run(&mut misbehave(directory.path()), "decide"),
        answered(asks_yes(), "ask --non-interactive", "y\n"),
        answered(asks_yes(), "ask", ""),
    ];
    for ended in nobody {
        let ended = ended.expect(4);
        assert!(ended.err.contains("nobody can be asked: Drop everything?"), "{}", ended.err);
        assert!(ended.err.contains("help: decide with `--yes`"), "{}", ended.err);
        assert_eq!(ended.out, "");
    }
    assert_eq!(run(&mut misbehave(directory.path()), "decide --yes").expect(0).out, "decided\n");
}
