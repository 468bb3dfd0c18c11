//! Ctrl-C and its relatives.

use std::future::pending;
use tokio::signal::unix::{SignalKind, signal};

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
