//! What has to hold before a protected target is changed.

use std::fmt;

/// One condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gate {
    /// Files and history agree: nothing edited, missing, out of order or failed.
    CleanHistory,
    /// Every pending migration is applied in `dev`, with the same checksum.
    AppliedInDev,
    /// The target holds what its applied migrations produce, and nothing else.
    Drift,
    /// Nobody can do more than before, but for what was read and agreed to.
    Access,
    /// A backup was taken just now.
    Backup,
}

impl Gate {
    /// All gates, in the order in which they are tried.
    pub const ALL: [Self; 5] = [Self::CleanHistory, Self::AppliedInDev, Self::Drift, Self::Access, Self::Backup];

    /// Its key in `[gates]` of a configuration file.
    pub fn key(self) -> &'static str {
        match self {
            Self::CleanHistory => "clean-history",
            Self::AppliedInDev => "applied-in-dev",
            Self::Drift => "drift",
            Self::Access => "access",
            Self::Backup => "backup",
        }
    }
}

impl fmt::Display for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key())
    }
}

/// What a gate says.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case", tag = "verdict")]
pub enum Verdict {
    /// It holds.
    Passed {
        /// What was seen, for the record.
        note: String,
    },
    /// It does not hold.
    Failed {
        /// Why.
        reason: String,
        /// What to do about it.
        help: String,
    },
    /// The environment's configuration switches it off.
    Off,
    /// It is tried only once somebody has approved the plan.
    Waiting,
}

/// A gate with its verdict.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct GateVerdict {
    /// The gate.
    pub gate: Gate,
    /// What it says.
    #[serde(flatten)]
    pub verdict: Verdict,
}
