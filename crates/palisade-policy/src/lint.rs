//! Findings: what is dangerous, useless or slow about row security.
//!
//! Each rule is a file of its own in `lint/`, with its id, how bad it is, why, and one function. To add one, write the file and
//! name it in [`rules::ALL`].

mod found;
mod rules;
mod scope;

pub use found::{Finding, Severity};
pub use scope::Scope;

use crate::Oid;
use crate::access::Access;
use std::collections::BTreeSet;

/// A rule, for those who list them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RuleInfo {
    /// What configuration and reports call it.
    pub id: &'static str,
    /// How bad it is, unless configuration says otherwise.
    pub severity: Severity,
    /// Why it matters.
    pub why: &'static str,
}

/// All rules.
pub fn lint_rules() -> impl Iterator<Item = RuleInfo> {
    rules::ALL.iter().map(|it| RuleInfo { id: it.id, severity: it.severity, why: it.why })
}

/// What all rules find: about these relations, for applications that use these roles, about functions in these schemas; the worst
/// first.
pub fn lint(access: &Access<'_>, relations: &[Oid], roles: &[Oid], schemas: &BTreeSet<String>) -> Vec<Finding> {
    let scope = Scope::new(access, relations, roles, schemas);
    let mut findings: Vec<Finding> = Vec::new();
    for rule in rules::ALL {
        let mut found = Vec::new();
        (rule.check)(&scope, &mut found);
        findings.extend(found.into_iter().map(|it| it.finding(rule)));
    }
    findings.sort_by(|a, b| {
        (b.severity, &a.object, a.id, &a.policy, &a.role).cmp(&(a.severity, &b.object, b.id, &b.policy, &b.role))
    });
    findings.dedup();
    findings
}
