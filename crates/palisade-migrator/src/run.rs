//! Who runs.

use std::time::Duration;

/// What goes into the history of attempts with every step of one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// A text that no other run has.
    pub id: String,
    /// The person and machine, `alice@laptop`.
    pub who: String,
    /// The commit of the files, where there is one.
    pub commit: Option<String>,
    /// How long to try to reconnect after the connection broke.
    pub reconnect: Duration,
}
