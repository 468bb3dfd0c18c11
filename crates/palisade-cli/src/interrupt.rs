//! Ctrl-C and its relatives.

use std::future::pending;
use std::time::Duration;
use tokio::runtime::RuntimeMetrics;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::sleep;

/// Ends when someone wants the command to end: Ctrl-C, `SIGTERM`, or the terminal is closed.
///
/// The caller drops the command's future then; what the command holds (a lock, a scratch database, a half-written file)
/// is cleaned up by its guards.
pub(crate) async fn interrupted() {
    tokio::select! {
        () = arrived(SignalKind::interrupt()) => {}
        () = arrived(SignalKind::terminate()) => {}
        () = arrived(SignalKind::hangup()) => {}
    }
}

/// The longest that is waited for after a signal.
const FAREWELL: Duration = Duration::from_secs(10);

/// Waits for what was begun to clean up: what was dropped in the middle of an upload, say, tells the server so. Whoever does not want to
/// wait signals once more.
pub(crate) async fn farewell(runtime: &RuntimeMetrics) {
    let quiet = async {
        while runtime.num_alive_tasks() > 0 {
            sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::select! {
        () = interrupted() => {}
        () = sleep(FAREWELL) => {}
        () = quiet => {}
    }
}

async fn arrived(kind: SignalKind) {
    match signal(kind) {
        Ok(mut signals) => {
            signals.recv().await;
        }
        // Without a handler the signal keeps its default action, which ends the process as well.
        Err(error) => {
            tracing::debug!(?kind, %error, "no handler for a signal");
            pending::<()>().await;
        }
    }
}
