//! The name of exactly one plan.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::plan::Plan;

/// How many digits of a digest a person must give: 64 bits, enough against chance.
const SHORT: usize = 16;

/// SHA-256 of a plan: target, expected state and every byte of SQL.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct PlanDigest(String);

impl PlanDigest {
    /// Sixty-four hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first sixteen digits, as printed for people.
    pub fn short(&self) -> &str {
        &self.0[..SHORT]
    }

    /// Whether `given` names this plan: the whole digest, or at least its first sixteen digits.
    pub fn is_named_by(&self, given: &str) -> bool {
        let given = given.trim().to_ascii_lowercase();
        given.len() >= SHORT && self.0.starts_with(&given)
    }
}

impl fmt::Display for PlanDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Plan {
    /// The digest. The same files against the same state of the same database have the same digest on every machine,
    /// so that one person can approve what another (or CI) runs.
    pub fn digest(&self) -> PlanDigest {
        // A plan holds strings, numbers and lists only, which always serialize.
        let text = serde_json::to_vec(self).unwrap_or_default();
        PlanDigest(hex::encode(Sha256::digest(text)))
    }
}
