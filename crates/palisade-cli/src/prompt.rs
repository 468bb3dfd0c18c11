//! Questions to the person in front of the terminal.

use crate::{CommandError, Printer};
use std::io::{self, BufRead, Read as _};
use std::sync::{Arc, Mutex, PoisonError};

/// In bytes.
const LONGEST_ANSWER: u64 = 1024;

/// Asks for decisions. Never assumes one: without somebody to ask, a missing answer is exit 4 with the name of the flag
/// that gives it.
#[derive(Clone)]
pub struct Prompt {
    printer: Printer,
    input: Arc<Mutex<Box<dyn BufRead + Send>>>,
    possible: bool,
}

impl std::fmt::Debug for Prompt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Prompt").field("possible", &self.possible).finish_non_exhaustive()
    }
}

impl Prompt {
    pub(crate) fn new(printer: Printer, input: Box<dyn BufRead + Send>, possible: bool) -> Self {
        Self { printer, input: Arc::new(Mutex::new(input)), possible }
    }

    /// Whether there is somebody to ask.
    pub fn is_possible(&self) -> bool {
        self.possible
    }

    /// A yes-or-no question; everything but `y` and `yes` is a no, an empty line too.
    ///
    /// `flag` is the one that answers yes beforehand, for example `--yes`.
    ///
    /// # Errors
    ///
    /// Exit 4 when nobody can be asked and when the answer is no.
    pub async fn yes(&self, question: &str, flag: &str) -> Result<(), CommandError> {
        let answer = self.ask(&format!("{question} [y/N] "), question, flag).await?;
        match answer.to_lowercase().as_str() {
            "y" | "yes" => Ok(()),
            _ => Err(CommandError::refused("declined", "nothing was done: the answer was no")),
        }
    }

    /// Wants `expected` typed, so that the hand that approves has read which one it is.
    ///
    /// # Errors
    ///
    /// Exit 4 when nobody can be asked and when something else was typed.
    pub async fn typed(&self, question: &str, expected: &str, flag: &str) -> Result<(), CommandError> {
        let text = format!("{question}\nType `{expected}` to go on: ");
        let answer = self.ask(&text, question, flag).await?;
        if answer == expected {
            return Ok(());
        }
        let message = format!("nothing was done: `{expected}` had to be typed");
        Err(CommandError::refused("declined", message))
    }

    /// What somebody types after `text`; `None` when nobody can be asked.
    ///
    /// # Errors
    ///
    /// When the answer cannot be read.
    pub async fn line(&self, text: &str) -> Result<Option<String>, CommandError> {
        if !self.possible {
            return Ok(None);
        }
        self.printer.question(text);
        let input = self.input.clone();
        // On its own thread, because a read from a terminal cannot be cancelled: Ctrl-C ends the command all the same.
        let read = tokio::task::spawn_blocking(move || read_line(&input)).await;
        match read {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(CommandError::of("no-answer", &error)),
            Err(error) => Err(CommandError::of("no-answer", &error)),
        }
    }

    async fn ask(&self, text: &str, question: &str, flag: &str) -> Result<String, CommandError> {
        self.line(text).await?.ok_or_else(|| missing(question, flag))
    }
}

/// `None` when the input has ended.
fn read_line(input: &Mutex<Box<dyn BufRead + Send>>) -> io::Result<Option<String>> {
    let mut line = String::new();
    // Nobody types more; a file that was put in the place of a terminal may have no line end for gigabytes.
    let length =
        input.lock().unwrap_or_else(PoisonError::into_inner).as_mut().take(LONGEST_ANSWER).read_line(&mut line)?;
    Ok((length > 0).then(|| line.trim().to_owned()))
}

fn missing(question: &str, flag: &str) -> CommandError {
    let message = format!("a decision is missing and nobody can be asked: {question}");
    CommandError::refused("decision-missing", message).help(format!("decide with `{flag}`"))
}
