//! What a rule has found.

use crate::lint::rules::Rule;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Slow, useless, or surprising.
    Warning,
    /// Somebody sees or changes what they should not, or nothing works.
    Error,
}

impl Severity {
    /// `info`, `warning`, `error`
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    /// The rule.
    pub id: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What it is about: `schema.name` of a table, a view, a function, or the name of anything else.
    pub object: String,
    /// The policy, if it is about one.
    pub policy: Option<String>,
    /// The role, if it is about one.
    pub role: Option<String>,
    /// What is the case, and why it matters.
    pub message: String,
    /// SQL that mends it, if that can be known.
    pub fix: Option<String>,
}

/// One finding on its way.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    object: String,
    policy: Option<String>,
    role: Option<String>,
    message: String,
    fix: Option<String>,
    severity: Option<Severity>,
}

impl Found {
    pub(crate) fn new(object: impl Into<String>, message: impl Into<String>) -> Self {
        let (object, message) = (object.into(), message.into());
        Self { object, policy: None, role: None, message, fix: None, severity: None }
    }

    pub(crate) fn policy(mut self, name: &str) -> Self {
        self.policy = Some(name.to_owned());
        self
    }

    pub(crate) fn role(mut self, name: impl Into<String>) -> Self {
        self.role = Some(name.into());
        self
    }

    pub(crate) fn fix(mut self, sql: impl Into<String>) -> Self {
        self.fix = Some(sql.into());
        self
    }

    pub(crate) fn severity(mut self, severity: Severity) -> Self {
        self.severity = Some(severity);
        self
    }

    pub(crate) fn finding(self, rule: &Rule) -> Finding {
        let Self { object, policy, role, message, fix, severity } = self;
        Finding { id: rule.id, severity: severity.unwrap_or(rule.severity), object, policy, role, message, fix }
    }
}
