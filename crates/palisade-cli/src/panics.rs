//! What a bug of ours looks like to its user.

use crate::Printer;
use std::backtrace::{Backtrace, BacktraceStatus};
use std::panic::{self, PanicHookInfo};

/// Replaces the message of a panic by one that has passed the redactor: a panic's text is made of values.
pub(crate) fn install(printer: Printer) {
    panic::set_hook(Box::new(move |info| {
        printer.stderr(&describe(info));
        let backtrace = Backtrace::capture();
        if backtrace.status() == BacktraceStatus::Captured {
            printer.stderr(&backtrace.to_string());
        }
    }));
}

fn describe(info: &PanicHookInfo<'_>) -> String {
    let message = info.payload_as_str().unwrap_or("no message");
    let place = info.location().map(ToString::to_string);
    let place = place.as_deref().unwrap_or("an unknown place");
    format!(
        "error: this is a bug in Palisade: {message} (at {place})\n  help: run it again with `RUST_BACKTRACE=1` and report what it \
         prints; `cargo xtask db-status` tells in which state the database is"
    )
}
