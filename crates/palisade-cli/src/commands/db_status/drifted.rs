//! What somebody changed by hand, as it is shown.

use palisade_catalog::Difference;
use palisade_guard::{Drift, DriftCheckError};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// How many objects are shown as text; the JSON has all.
const SHOWN: usize = 20;

/// What is known about drift.
#[derive(Debug)]
pub(super) enum Drifted {
    NotAsked,
    Unknown { reason: String, help: String },
    Known(Drift),
}

impl Drifted {
    pub(super) fn of(result: Result<Drift, DriftCheckError>) -> Self {
        match result {
            Ok(drift) => Self::Known(drift),
            Err(error) => Self::Unknown { reason: error.to_string(), help: error.help() },
        }
    }

    /// Whether it is known that there is none, or nobody wants to know.
    pub(super) fn is_none(&self) -> bool {
        match self {
            Self::NotAsked => true,
            Self::Unknown { .. } => false,
            Self::Known(drift) => drift.objects.is_empty(),
        }
    }

    /// Lines below the counts. Differences of row security are those that applying it takes away.
    pub(super) fn text(&self, row_security: bool) -> String {
        match self {
            Self::NotAsked => String::new(),
            Self::Unknown { reason, help } => {
                format!("\nwhether there is drift is not known: {reason}\n  help: {help}")
            }
            Self::Known(Drift { objects, row_security: differences }) => {
                let mut text = String::new();
                if !row_security && !differences.is_empty() {
                    text.push_str(&list("\n\nrow security is not what `rls/` says:", differences));
                }
                if objects.is_empty() {
                    text.push_str("\nno drift: the database is what its migrations make");
                } else {
                    text.push_str(&list("\n\ndrift: the database is not what its migrations make:", objects));
                    text.push_str(
                        "\n  help: put the change into a migration (and mark that as applied: `cargo xtask db-repair VERSION \
                         --accept`), or take it back",
                    );
                }
                text
            }
        }
    }

    pub(super) fn data(&self, row_security: bool) -> Value {
        match self {
            Self::NotAsked => Value::Null,
            Self::Unknown { reason, help } => json!({ "known": false, "reason": reason, "help": help }),
            Self::Known(Drift { objects, row_security: differences }) => {
                let differences: &[Difference] = if row_security { &[] } else { differences };
                json!({ "known": true, "objects": objects, "row_security": differences })
            }
        }
    }
}

fn list(title: &str, differences: &[Difference]) -> String {
    let mut text = title.to_owned();
    for difference in differences.iter().take(SHOWN) {
        let shown = difference.to_string().replace('\n', "\n  ");
        let _ = write!(text, "\n  {shown}");
    }
    if let Some(more) = differences.len().checked_sub(SHOWN).filter(|it| *it > 0) {
        let _ = write!(text, "\n  and {more} more");
    }
    text
}
