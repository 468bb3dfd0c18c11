//! How far a backup has come, for people and for logs.

use crate::Printer;
use crate::units::{bytes, duration};
use palisade_backup::{Progress, RestoreProgress, VerifyProgress};
use std::time::{Duration, Instant};

/// Without a terminal, a line so often says that something is still going on.
const HEARTBEAT: Duration = Duration::from_secs(30);

/// Where the next line of a log is due.
struct Heart {
    printer: Printer,
    started: Instant,
    next: Duration,
}

impl Heart {
    fn new(printer: Printer) -> Self {
        Self { printer, started: Instant::now(), next: HEARTBEAT }
    }

    fn tell(&mut self, text: &str) {
        if self.printer.progress(text) {
            return;
        }
        let elapsed = self.started.elapsed();
        if elapsed >= self.next {
            self.next = elapsed + HEARTBEAT;
            self.printer.note(text);
        }
    }
}

/// `12.0 MB/s, about 3 min 2 s left`. Nothing about what is left as long as that would be a guess.
fn rate(done: u64, of: u64, elapsed: Duration) -> String {
    let milliseconds = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX).max(1);
    let per_second = done.saturating_mul(1000) / milliseconds;
    let left = of.saturating_sub(done);
    if elapsed < Duration::from_secs(2) || per_second == 0 || left == 0 {
        return format!("{}/s", bytes(per_second));
    }
    format!("{}/s, about {} left", bytes(per_second), duration(Duration::from_secs(left / per_second + 1)))
}

pub(crate) fn creating(printer: Printer) -> impl FnMut(Progress) + Send {
    let mut heart = Heart::new(printer);
    move |Progress { bytes: done, of_bytes, tables, of_tables, elapsed }| {
        let counted = if tables > 0 { format!(", {tables} of {of_tables} tables") } else { String::new() };
        let rate = rate(done, of_bytes, elapsed);
        heart.tell(&format!("Backing up: {} of about {}{counted}, {rate}", bytes(done), bytes(of_bytes)));
    }
}

pub(crate) fn verifying(printer: Printer) -> impl FnMut(VerifyProgress) + Send {
    let mut heart = Heart::new(printer);
    let started = Instant::now();
    move |VerifyProgress { bytes: done, of_bytes }| {
        let rate = rate(done, of_bytes, started.elapsed());
        heart.tell(&format!("Verifying: {} of {}, {rate}", bytes(done), bytes(of_bytes)));
    }
}

pub(crate) fn restoring(printer: Printer) -> impl FnMut(RestoreProgress) + Send {
    let mut heart = Heart::new(printer);
    move |RestoreProgress { bytes: done, of_bytes, elapsed }| {
        let rate = rate(done, of_bytes, elapsed);
        heart.tell(&format!("Restoring: {} of {}, {rate}", bytes(done), bytes(of_bytes)));
    }
}
