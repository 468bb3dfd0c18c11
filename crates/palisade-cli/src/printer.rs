//! The only place that writes to the terminal.

use crate::outcome::SECRET;
use crate::streams::{Sink, Streams};
use crate::{Color, CommandError, OutputFormat};
use anstyle::{AnsiColor, Style};
use palisade_config::{ExposeSecret, SecretString, secrets};
use serde_json::Value;
use std::fmt::Write as _;
use std::io::{self, BufRead};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const HELP: Style = AnsiColor::Cyan.on_default();

/// Prints results, notes, progress and errors. Cheap to clone; all clones write to the same streams.
///
/// Whatever goes through it is searched for secrets first: the last line of defence, behind types that do not show them.
#[derive(Clone)]
pub struct Printer {
    format: OutputFormat,
    quiet: bool,
    called: &'static str,
    sinks: Arc<Mutex<Sinks>>,
}

struct Sinks {
    out: Sink,
    err: Sink,
    /// A line of progress stands on the terminal and has to be cleared before the next line.
    progress_shown: bool,
}

impl std::fmt::Debug for Printer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Printer").field("format", &self.format).finish_non_exhaustive()
    }
}

impl Printer {
    /// Takes the streams apart: what is left over is for questions.
    ///
    /// `called` is how this command line is called by its user (`cargo xtask`, `palisade`): advice names it so.
    pub(crate) fn new(streams: Streams, color: Color, called: &'static str) -> (Self, Box<dyn BufRead + Send>) {
        let Streams { mut out, mut err, input, somebody_answers: _ } = streams;
        out.choose(color);
        err.choose(color);
        let sinks = Arc::new(Mutex::new(Sinks { out, err, progress_shown: false }));
        let printer = Self { format: OutputFormat::Text, quiet: false, called, sinks };
        (printer, input)
    }

    pub(crate) fn with_format(self, format: OutputFormat, quiet: bool) -> Self {
        Self { format, quiet, ..self }
    }

    /// How results are printed.
    pub fn format(&self) -> OutputFormat {
        self.format
    }

    /// A sentence about what is going on, on standard error; not with `--quiet`.
    pub fn note(&self, text: &str) {
        if !self.quiet {
            self.stderr(text);
        }
    }

    /// Something that did no harm but should be known, on standard error; not with `--quiet`.
    pub fn warn(&self, text: &str) {
        self.note(&format!("{WARNING}warning{WARNING:#}: {text}"));
    }

    /// A number on its way, for example a rate. Shown in place on a terminal only: in a file or a CI log a thousand such
    /// lines would bury the others.
    ///
    /// Returns whether there is anybody who sees it: otherwise a line now and then is a [`note`](Self::note).
    pub fn progress(&self, text: &str) -> bool {
        let text = self.finish(text);
        let mut sinks = self.lock();
        if !self.quiet && sinks.err.is_terminal {
            sinks.err.clear_line();
            let _ = sinks.err.write(text.lines().next().unwrap_or_default());
            sinks.progress_shown = true;
        }
        sinks.err.is_terminal
    }

    /// The result on standard output, with the secret that was asked for.
    pub(crate) fn result(&self, text: &str, secret: Option<&SecretString>) -> io::Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        let mut text = self.finish(text);
        if let Some(secret) = secret {
            text = text.replace(SECRET, secret.expose_secret());
        }
        self.out(text)
    }

    /// The result on standard output as it is, but for secrets.
    pub(crate) fn verbatim(&self, text: &str) -> io::Result<()> {
        if text.is_empty() { Ok(()) } else { self.out(secrets().redact(text).into_owned()) }
    }

    /// The JSON object on standard output, on one line.
    pub(crate) fn object(&self, object: &impl serde::Serialize) -> io::Result<()> {
        // Strings, numbers, lists and objects with string keys always serialize.
        self.out(serde_json::to_string(object).unwrap_or_default())
    }

    fn out(&self, text: String) -> io::Result<()> {
        let mut sinks = self.lock();
        sinks.clear_progress();
        sinks.out.write(&line(text))
    }

    /// The last steps for all strings of a JSON value: each before it is escaped, because afterwards a secret with a quote
    /// in it would look different.
    pub(crate) fn finish_json(&self, value: &mut Value, secret: Option<&SecretString>) {
        match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
            Value::String(text) => {
                *text = self.finish(text);
                if let Some(secret) = secret {
                    *text = text.replace(SECRET, secret.expose_secret());
                }
            }
            Value::Array(values) => values.iter_mut().for_each(|it| self.finish_json(it, secret)),
            Value::Object(fields) => fields.values_mut().for_each(|it| self.finish_json(it, secret)),
        }
    }

    /// The same for a result that is printed as it is.
    pub(crate) fn redact_json(value: &mut Value) {
        match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
            Value::String(text) => *text = secrets().redact(text).into_owned(),
            Value::Array(values) => values.iter_mut().for_each(Self::redact_json),
            Value::Object(fields) => fields.values_mut().for_each(Self::redact_json),
        }
    }

    /// An error and its advice on standard error.
    pub(crate) fn error(&self, error: &CommandError) {
        let mut text = format!("{ERROR}error{ERROR:#}: {}", error.message);
        for help in &error.help {
            let help = help.replace('\n', "\n        ");
            let _ = write!(text, "\n  {HELP}help{HELP:#}: {help}");
        }
        self.stderr(&text);
    }

    /// One line (or several) on standard error, whatever `--quiet` says.
    pub(crate) fn stderr(&self, text: &str) {
        let text = line(self.finish(text));
        let mut sinks = self.lock();
        sinks.clear_progress();
        // Who has closed standard error, or filled the disk that it goes to, cannot be told so.
        let _ = sinks.err.write(&text);
    }

    /// A question on standard error; the answer is typed on the same line.
    pub(crate) fn question(&self, text: &str) {
        let text = self.finish(text);
        let mut sinks = self.lock();
        sinks.clear_progress();
        // Who has closed standard error, or filled the disk that it goes to, cannot be told so.
        let _ = sinks.err.write(&text);
    }

    /// Clears what must not stay behind on the terminal.
    pub(crate) fn close(&self) {
        self.lock().clear_progress();
    }

    /// Last steps before a text leaves: no secret, and commands as this user has to type them.
    fn finish(&self, text: &str) -> String {
        let text = secrets().redact(text);
        match self.called {
            "cargo xtask" => text.into_owned(),
            called => text.replace("cargo xtask", called),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Sinks> {
        // A panic while printing leaves nothing half-done that matters; the panic's own message still has to come out.
        self.sinks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sinks {
    fn clear_progress(&mut self) {
        if std::mem::take(&mut self.progress_shown) {
            self.err.clear_line();
        }
    }
}

fn line(mut text: String) -> String {
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}
