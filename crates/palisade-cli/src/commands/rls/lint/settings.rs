//! What the configuration says of findings.

use crate::CommandError;
use palisade_config::{AllowedFinding, LintSettings};
use palisade_policy::{Finding, Severity, lint_rules};

/// Findings that count.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) findings: Vec<Finding>,
    /// How many are known and meant.
    pub(super) allowed: usize,
    /// What is said to be known and was not found.
    pub(super) stale: Vec<AllowedFinding>,
}

/// Gives findings the levels of the configuration and leaves out what it allows.
pub(super) fn kept(found: Vec<Finding>, settings: &LintSettings) -> Result<Kept, CommandError> {
    let named = settings.levels.keys().chain(settings.allow.iter().map(|it| &it.id));
    for id in named {
        if !lint_rules().any(|it| it.id == id) {
            return Err(CommandError::failed(
                "bad-config",
                format!("`[lint]` in the configuration names `{id}`, which is no rule"),
            )
            .help("`cargo xtask rls lint --rules` lists them"));
        }
    }
    let is_allowed = |it: &Finding| settings.allow.iter().any(|allow| allow.id == it.id && allow.object == it.object);
    let stale =
        settings.allow.iter().filter(|allow| !found.iter().any(|it| it.id == allow.id && it.object == allow.object));
    let stale = stale.cloned().collect();
    let (allowed, kept): (Vec<Finding>, Vec<Finding>) = found.into_iter().partition(is_allowed);
    let findings = kept.into_iter().filter_map(|it| with_level(it, settings)).collect();
    Ok(Kept { findings, allowed: allowed.len(), stale })
}

fn with_level(finding: Finding, settings: &LintSettings) -> Option<Finding> {
    let severity = match settings.levels.get(finding.id).map(String::as_str) {
        Some("off") => return None,
        Some("info") => Severity::Info,
        Some("warning") => Severity::Warning,
        Some("error") => Severity::Error,
        _ => finding.severity,
    };
    Some(Finding { severity, ..finding })
}
