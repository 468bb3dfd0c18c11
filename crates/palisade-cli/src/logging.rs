//! Logs, on standard error through the [`Printer`].

use crate::{CommandError, GlobalArgs, Printer};
use std::io::{self, Write};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;

/// Starts logging for the process.
///
/// `PALISADE_LOG` (`debug`, or `palisade_db=trace,palisade_rls=debug`) wins over `-v` and `-q`. sqlx is silent unless it is named
/// there: it logs the text of statements, and a literal in one of them may be a secret that nobody told us about.
pub(crate) fn start(args: &GlobalArgs, wish: Option<&str>, printer: &Printer) -> Result<(), CommandError> {
    let targets = match wish {
        Some(wish) => {
            let wish = wish.parse::<Targets>().map_err(|error| {
                CommandError::usage("bad-log-level", error.to_string())
                    .help("set `PALISADE_LOG` to error, warn, info, debug or trace, or to `palisade_db=debug`")
            })?;
            let sqlx = wish.iter().any(|(target, _)| target.starts_with("sqlx"));
            if sqlx { wish } else { wish.with_target("sqlx", LevelFilter::OFF) }
        }
        None => Targets::new()
            .with_default(LevelFilter::ERROR)
            .with_target("palisade", level(args))
            .with_target("sqlx", LevelFilter::OFF),
    };
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(Lines(printer.clone()))
        .with_target(args.verbose > 1)
        .without_time()
        .compact();
    let subscriber = tracing_subscriber::registry().with(targets).with(lines);
    // Somebody who uses this crate as a library may have set up logging already; theirs stays.
    let _ = tracing::subscriber::set_global_default(subscriber);
    Ok(())
}

fn level(args: &GlobalArgs) -> LevelFilter {
    match (args.quiet, args.verbose) {
        (true, _) => LevelFilter::ERROR,
        (false, 0) => LevelFilter::WARN,
        (false, 1) => LevelFilter::INFO,
        (false, 2) => LevelFilter::DEBUG,
        (false, 3..) => LevelFilter::TRACE,
    }
}

struct Lines(Printer);

/// Collects one event, prints it when dropped: only whole lines can be searched for secrets.
struct Event {
    text: Vec<u8>,
    printer: Printer,
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Event;

    fn make_writer(&'a self) -> Event {
        Event { text: Vec::new(), printer: self.0.clone() }
    }
}

impl Write for Event {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Event {
    fn drop(&mut self) {
        self.printer.stderr(&String::from_utf8_lossy(&self.text));
    }
}
