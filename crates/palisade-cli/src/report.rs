//! A command's result in the form that was asked for.

use crate::outcome::Secrets;
use crate::{CommandError, Exit, Outcome, OutputFormat, Printer};
use serde::Serialize;
use serde_json::{Value, json};

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
            printer.result(&outcome.text, outcome.secrets);
            return exit;
        }
        (OutputFormat::Text, Err(error)) => {
            printer.error(&error);
            return exit;
        }
        (OutputFormat::Json, Ok(Outcome { mut data, secrets, exit: _, text: _ })) => {
            if secrets == Secrets::Hidden {
                printer.finish_json(&mut data);
            }
            Content::Data(data)
        }
        (OutputFormat::Json, Err(error)) => {
            let help = (!error.help.is_empty()).then(|| error.help.join("\n"));
            let mut error = json!({ "code": error.code, "message": error.message, "help": help });
            printer.finish_json(&mut error);
            Content::Error(error)
        }
    };
    let report = Report { command, env, status: exit.status(), content };
    // Strings, numbers, lists and objects with string keys always serialize.
    let text = serde_json::to_string(&report).unwrap_or_default();
    printer.result(&text, Secrets::AskedFor);
    exit
}
