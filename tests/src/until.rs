//! Waiting for something to become true.

use std::time::{Duration, Instant};

/// How long anything may take before a test gives up. Far more than it ever takes.
const PATIENCE: Duration = Duration::from_mins(1);

/// Asks until the answer is yes.
///
/// # Panics
///
/// If it is still no after a minute.
pub async fn until(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let started = Instant::now();
    while !condition().await {
        assert!(started.elapsed() < PATIENCE, "not after a minute: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
