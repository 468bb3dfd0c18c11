//! Many pairs, and what to tell of them.

use std::collections::BTreeMap;
use std::io::Write as _;

use futures_util::{StreamExt as _, stream};

use super::pair::{Judge, Pair};
use super::verdict::{Outcome, Verdict};

/// Pairs that are judged at the same time.
const CONCURRENT: usize = 4;

/// What came out of many pairs, by name.
#[derive(Debug, Default)]
pub struct Judged {
    /// Each pair with its outcome.
    pub outcomes: BTreeMap<String, Outcome>,
}

/// Judges all pairs.
///
/// # Panics
///
/// If the server does not answer.
pub async fn judge_all(judge: &Judge, pairs: Vec<Pair>) -> Judged {
    let judged = stream::iter(pairs).map(async |pair| {
        let outcome = judge.judge(&pair).await;
        (pair.name, outcome)
    });
    Judged { outcomes: judged.buffer_unordered(CONCURRENT).collect().await }
}

/// Judges all pairs in one direction.
///
/// # Panics
///
/// If the server does not answer.
pub async fn judge_forwards(judge: &Judge, pairs: Vec<Pair>) -> Judged {
    let judged = stream::iter(pairs).map(async |pair| {
        let outcome = judge.judge_forwards(&pair).await;
        (pair.name, outcome)
    });
    Judged { outcomes: judged.buffer_unordered(CONCURRENT).collect().await }
}

impl Judged {
    /// Pairs that cannot be loaded here.
    pub fn not_loadable(&self) -> Vec<&str> {
        let names = self.outcomes.iter().filter(|(_, it)| matches!(it.forwards, Verdict::NotLoadable(_)));
        names.map(|(name, _)| name.as_str()).collect()
    }

    /// Directions for which Postgres has no way, each as `name: reason`.
    pub fn refused(&self) -> Vec<String> {
        let refused = self.directions().filter(|(_, it)| matches!(it, Verdict::Refused(_)));
        refused.map(|(name, verdict)| format!("{name}: {}", verdict.reason())).collect()
    }

    /// How many came out how, and every direction that did not converge, with the reason.
    pub fn table(&self) -> String {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        let mut text = String::new();
        for (name, verdict) in self.directions() {
            *counts.entry(verdict.name()).or_default() += 1;
            if *verdict != Verdict::Converged {
                text.extend(["\n== ", name.as_str(), ": ", verdict.to_string().as_str()]);
            }
        }
        let counts = counts.iter().map(|(name, count)| format!("{name} {count}")).collect::<Vec<_>>().join(", ");
        format!("{} pairs: {counts}{text}\n", self.outcomes.len())
    }

    /// Shows the table, whether the test passes or not.
    ///
    /// # Panics
    ///
    /// If a direction neither converged, nor was refused, nor could not be loaded.
    pub fn check(&self) {
        self.check_but(&[]);
    }

    /// As [`Self::check`], and the pairs named `but` must still fail: one that does not need not be named.
    ///
    /// # Panics
    ///
    /// If another one fails, or one of them does not.
    pub fn check_but(&self, but: &[&str]) {
        let table = self.table();
        // The test harness keeps what goes through the macros to itself.
        let _nobody_reads = writeln!(std::io::stderr().lock(), "{table}");
        let well = |it: &Verdict| matches!(it, Verdict::Converged | Verdict::Refused(_) | Verdict::NotLoadable(_));
        let known = |name: &str| but.iter().any(|it| name.starts_with(it));
        let bad = || self.directions().filter(|(_, it)| !well(it));
        let failed: Vec<String> =
            bad().filter(|(name, _)| !known(name)).map(|(name, it)| format!("{name}: {}", it.name())).collect();
        let stale: Vec<&&str> = but.iter().filter(|it| !bad().any(|(name, _)| name.starts_with(**it))).collect();
        assert!(stale.is_empty(), "these converge by now: {stale:?}");
        assert!(failed.is_empty(), "not converged:\n{}\n\n{table}", failed.join("\n"));
    }

    fn directions(&self) -> impl Iterator<Item = (String, &Verdict)> {
        self.outcomes.iter().flat_map(|(name, outcome)| {
            let Outcome { forwards, backwards } = outcome;
            let backwards = backwards.iter().map(move |it| (format!("{name} ←"), it));
            std::iter::once((format!("{name} →"), forwards)).chain(backwards)
        })
    }
}
