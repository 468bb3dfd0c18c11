//! A command's result in the form that was asked for.

use crate::{CommandError, Exit, Outcome, OutputFormat, Printer};
use serde::Serialize;
use serde_json::{Value, json};
use std::io;

/// The object of `--output json`.
#[derive(Serialize)]
struct Report<'a> {
    command: &'a str,
    env: &'a str,
    status: &'static str,
    #[serde(flatten)]
    content: Content,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
enum Content {
    Data(Value),
    Error(Value),
}

/// Prints a result and says with which exit code the process has to end.
pub(crate) fn report(printer: &Printer, command: &str, env: &str, result: Result<Outcome, CommandError>) -> Exit {
    let exit = match &result {
        Ok(outcome) => outcome.exit,
        Err(error) => error.exit,
    };
    let content = match (printer.format(), result) {
        (OutputFormat::Text, Ok(outcome)) => {
            let written = if outcome.verbatim {
                printer.verbatim(&outcome.text)
            } else {
                printer.result(&outcome.text, outcome.secret.as_ref())
            };
            return told(printer, exit, written);
        }
        (OutputFormat::Text, Err(error)) => {
            printer.error(&error);
            return exit;
        }
        (OutputFormat::Json, Ok(Outcome { mut data, secret, verbatim, exit: _, text: _ })) => {
            if verbatim {
                Printer::redact_json(&mut data);
            } else {
                printer.finish_json(&mut data, secret.as_ref());
            }
            Content::Data(data)
        }
        (OutputFormat::Json, Err(error)) => {
            let help = (!error.help.is_empty()).then(|| error.help.join("\n"));
            let mut object = json!({ "code": error.code, "message": error.message, "help": help });
            if let Some(data) = error.data {
                object["data"] = data;
            }
            printer.finish_json(&mut object, None);
            Content::Error(object)
        }
    };
    let written = printer.object(&Report { command, env, status: exit.status(), content });
    told(printer, exit, written)
}

/// A result that reached nobody, for example because the disk is full, is a failure: who redirects it relies on it.
fn told(printer: &Printer, exit: Exit, written: io::Result<()>) -> Exit {
    let Err(error) = written else { return exit };
    let error = CommandError::failed("output", format!("the result cannot be written to standard output: {error}"))
        .help(format!("the command itself ended with `{}`", exit.status()));
    printer.error(&error);
    match exit {
        Exit::Done | Exit::Found => Exit::Failed,
        other => other,
    }
}
