//! What a command ends with.

use palisade_config::SecretString;
use serde_json::{Map, Value};

/// How a command ended, as its exit code says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// 0: done, or there was nothing to do.
    Done,
    /// 1: it was tried and failed.
    Failed,
    /// 2: the command line is wrong; nothing was tried.
    Usage,
    /// 3: a question was asked (`--check`, `--exit-code`) and the answer is "yes, there is something".
    Found,
    /// 4: refused, or a decision that only a person can make is missing.
    Refused,
    /// 130: stopped by Ctrl-C, `SIGTERM` or a closed terminal.
    Interrupted,
}

impl Exit {
    /// The process's exit code.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Found => 3,
            Self::Refused => 4,
            Self::Interrupted => 130,
        }
    }

    /// The `status` field of the JSON object.
    pub fn status(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Usage => "usage",
            Self::Found => "found",
            Self::Refused => "refused",
            Self::Interrupted => "interrupted",
        }
    }
}

/// The result of a command that ran to its end: the same facts as text and as JSON.
///
/// A command returns its result instead of printing it, so that standard output can never hold half of one, or a line
/// next to the JSON object.
#[derive(Debug, Clone)]
#[must_use = "an outcome is printed by returning it"]
pub struct Outcome {
    /// How the command ended: [`Exit::Done`] or, for a question answered with yes, [`Exit::Found`]. A report of failed
    /// checks may say [`Exit::Failed`].
    pub exit: Exit,
    /// What `--output text` prints; may hold several lines and styles.
    pub text: String,
    /// What `--output json` prints as `data`.
    pub data: Value,
    /// The one secret that the user asked for; takes the place of [`SECRET`] after the redactor has seen the rest.
    pub(crate) secret: Option<SecretString>,
    /// Whether the text goes out to the byte, as SQL must.
    pub(crate) verbatim: bool,
}

/// Stands in a text where the secret belongs that was asked for. No other text holds this character.
pub(crate) const SECRET: &str = "\u{1}";

impl Outcome {
    /// Exit 0 with this text; add facts for programs with [`data`](Self::data).
    pub fn done(text: impl Into<String>) -> Self {
        Self { exit: Exit::Done, text: text.into(), data: Value::Object(Map::new()), secret: None, verbatim: false }
    }

    /// The same facts for `--output json`: an object.
    pub fn data(mut self, data: Value) -> Self {
        self.data = data;
        self
    }

    /// Prints `secret` in the place of [`SECRET`]: the user asked for exactly that.
    pub(crate) fn secret(mut self, secret: SecretString) -> Self {
        self.secret = Some(secret);
        self
    }

    /// SQL, which is printed as it is: a command's name in it is no advice.
    pub(crate) fn sql(text: impl Into<String>) -> Self {
        Self { verbatim: true, ..Self::done(text) }
    }

    /// Another exit code than 0.
    pub fn exit(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }
}
