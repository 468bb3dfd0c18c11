//! One error type for all commands.

use crate::Exit;
use serde_json::Value;
use std::error::Error;

mod convert;

/// Why a command did not do what was asked: what is wrong, and what to do next.
///
/// Every crate's errors become one of these in `error/convert.rs`, so that code, text and exit code of an error are
/// decided in one place.
#[derive(Debug, Clone)]
#[must_use = "an error is printed by returning it"]
pub struct CommandError {
    /// Short name in kebab-case for programs that read the JSON; stays the same when the text gets better.
    pub code: &'static str,
    /// What is wrong, in lower case, with the causes; may have several lines.
    pub message: String,
    /// What to do next, one advice each.
    pub help: Vec<String>,
    /// The exit code this leads to.
    pub exit: Exit,
    /// Facts for programs, in the JSON object under `error.data`: the plan that waits for an approval.
    pub data: Option<Value>,
}

impl CommandError {
    /// Exit 1: it was tried and failed.
    pub fn failed(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(code, message, Exit::Failed)
    }

    /// Exit 2: the command line or the configuration is wrong, nothing was tried.
    pub fn usage(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(code, message, Exit::Usage)
    }

    /// Exit 4: refused, or a decision is missing.
    pub fn refused(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(code, message, Exit::Refused)
    }

    /// Exit 1 with an error and its causes as the message. Own commands use it for errors of their own crates.
    pub fn of(code: &'static str, error: &dyn Error) -> Self {
        Self::failed(code, chain(error))
    }

    /// Adds what to do next; an empty text adds nothing.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        let help = help.into();
        if !help.is_empty() && !self.help.contains(&help) {
            self.help.push(help);
        }
        self
    }

    /// Adds facts for programs.
    pub fn data(mut self, data: Value) -> Self {
        self.data = Some(data);
        self
    }

    pub(crate) fn interrupted() -> Self {
        Self::new("interrupted", "interrupted", Exit::Interrupted)
    }

    fn new(code: &'static str, message: impl Into<String>, exit: Exit) -> Self {
        Self { code, message: message.into(), help: Vec::new(), exit, data: None }
    }
}

/// The error and its causes in one text.
///
/// A cause whose text already stands in the text so far is left out: some crates put it in both places, and reading the
/// same sentence twice makes people look for a second problem.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !text.contains(&next) {
            text.push_str(": ");
            text.push_str(&next);
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{text}")]
    struct Layer {
        text: &'static str,
        source: Option<Box<Layer>>,
    }

    fn layers(texts: &[&'static str]) -> Layer {
        let (first, rest) = texts.split_first().unwrap();
        Layer { text: first, source: (!rest.is_empty()).then(|| Box::new(layers(rest))) }
    }

    #[test]
    fn a_cause_is_told_once() {
        let error = layers(&["could not read `a`", "disk says no"]);
        assert_eq!(chain(&error), "could not read `a`: disk says no");
        let error = layers(&["could not read `a`: disk says no", "disk says no", "sector 7"]);
        assert_eq!(chain(&error), "could not read `a`: disk says no: sector 7");
    }

    #[test]
    fn the_same_help_is_given_once() {
        let error = CommandError::failed("x", "x").help("try").help("try").help("");
        assert_eq!(error.help, ["try"]);
    }
}
