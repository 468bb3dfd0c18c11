//! Where a command reads and writes.

use crate::Color;
use std::io::{self, BufRead, IsTerminal, Write};

/// Where a command reads and writes. The real ones are [`Streams::standard`]; tests give their own.
#[expect(missing_debug_implementations, reason = "streams have nothing to show")]
pub struct Streams {
    /// Results.
    pub out: Sink,
    /// Progress, logs, questions and errors.
    pub err: Sink,
    /// Answers.
    pub input: Box<dyn BufRead + Send>,
    /// Whether somebody sits in front of `input` and sees `err`: then questions make sense.
    pub somebody_answers: bool,
}

impl Streams {
    /// The process's own.
    pub fn standard() -> Self {
        let (out, err) = (io::stdout(), io::stderr());
        // `anstream` knows `NO_COLOR`, `CLICOLOR`, `TERM=dumb` and CI systems that show colours.
        let suit = |choice| choice != anstream::ColorChoice::Never;
        let (out_colors, err_colors) = (anstream::AutoStream::choice(&out), anstream::AutoStream::choice(&err));
        Self {
            somebody_answers: err.is_terminal() && io::stdin().is_terminal(),
            out: Sink { is_terminal: out.is_terminal(), colors: suit(out_colors), writer: Box::new(out) },
            err: Sink { is_terminal: err.is_terminal(), colors: suit(err_colors), writer: Box::new(err) },
            input: Box::new(io::BufReader::new(io::stdin())),
        }
    }
}

/// One stream out of the process.
#[expect(missing_debug_implementations, reason = "a stream has nothing to show")]
pub struct Sink {
    /// Takes the bytes.
    pub writer: Box<dyn Write + Send>,
    /// Whether colours are shown.
    pub colors: bool,
    /// Whether a line may be rewritten in place.
    pub is_terminal: bool,
}

impl Sink {
    /// A stream into memory or a file: neither colours nor a terminal.
    pub fn plain(writer: impl Write + Send + 'static) -> Self {
        Self { writer: Box::new(writer), colors: false, is_terminal: false }
    }

    pub(crate) fn choose(&mut self, color: Color) {
        self.colors = match color {
            Color::Auto => self.colors,
            Color::Always => true,
            Color::Never => false,
        };
    }

    /// A reader of a pipe who has gone (`… | head`) has what they wanted and is no error.
    pub(crate) fn write(&mut self, text: &str) -> io::Result<()> {
        let written = if self.colors {
            self.writer.write_all(text.as_bytes())
        } else {
            write!(self.writer, "{}", anstream::adapter::strip_str(text))
        };
        match written.and_then(|()| self.writer.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => other,
        }
    }

    /// Removes the line that a terminal shows last.
    pub(crate) fn clear_line(&mut self) {
        let _ = self.writer.write_all(b"\r\x1b[2K");
    }
}
