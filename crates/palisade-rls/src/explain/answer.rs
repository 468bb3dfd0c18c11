//! What is told.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::testing::Verb;

/// What a condition says of a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Answer {
    /// It admits the row.
    True,
    /// It does not.
    False,
    /// It is unknown, which does not admit the row either.
    Null,
    /// It fails; a statement would fail as well.
    Error(String),
}

/// One operand of a condition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PartSays {
    /// As the server writes it.
    pub sql: String,
    /// What it says.
    pub answer: Answer,
}

/// One policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PolicySays {
    /// Its name.
    pub policy: String,
    /// `PERMISSIVE`, else `RESTRICTIVE`.
    pub permissive: bool,
    /// The command that it is asked for.
    pub command: &'static str,
    /// Whether it is about new rows.
    pub new_rows: bool,
    /// Its condition.
    pub sql: String,
    /// What it says.
    pub answer: Answer,
    /// What its operands say, unless it is true.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<PartSays>,
}

/// What decides before any policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Gate {
    /// Whether the role holds the privilege, on the schema and the table.
    pub open: bool,
    /// Whether policies decide.
    pub filtered: bool,
    /// In words.
    pub why: &'static str,
    /// The columns, if not all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub columns: Option<Vec<String>>,
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RowExplained {
    /// Its primary key, else its place.
    pub key: Map<String, Value>,
    /// What the policies say.
    pub policies: Vec<PolicySays>,
    /// What that adds up to; none if a condition fails.
    pub reachable: Option<bool>,
    /// What a statement reaches; none if that cannot be tried.
    pub reached: Option<bool>,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_tried: Option<String>,
}

/// The whole answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// Who.
    pub persona: String,
    /// Their role.
    pub role: String,
    /// `schema.table`
    pub table: String,
    /// What is to be done.
    pub command: Verb,
    /// What decides before any policy.
    pub gate: Gate,
    /// The rows.
    pub rows: Vec<RowExplained>,
    /// Whether there are more of them.
    pub more: bool,
}

impl RowExplained {
    pub(super) fn new(
        key: Map<String, Value>,
        policies: Vec<PolicySays>,
        reached: Result<bool, String>,
        gate: &Gate,
        command: Verb,
    ) -> Self {
        let reachable = match (gate.open, gate.filtered) {
            (false, _) => Some(false),
            (true, false) => Some(true),
            (true, true) => composed(&policies, command),
        };
        let (reached, not_tried) = match reached {
            Ok(reached) => (Some(reached), None),
            // Without the privilege the statement fails, as it should.
            Err(_) if !gate.open => (Some(false), None),
            Err(why) => (None, Some(why)),
        };
        Self { key, policies, reachable, reached, not_tried }
    }

    /// Whether what was told is not what happens: a mistake in the explanation.
    pub fn is_contradicted(&self) -> bool {
        self.reachable.zip(self.reached).is_some_and(|(told, happens)| told != happens)
    }
}

/// One permissive policy must admit the row and all restrictive ones, for each command that is looked at.
fn composed(policies: &[PolicySays], command: Verb) -> Option<bool> {
    if policies.iter().any(|it| matches!(it.answer, Answer::Error(_))) {
        return None;
    }
    let groups = super::decisive(command).iter().map(|(of, new_rows)| {
        let group = policies.iter().filter(|it| it.command == of.as_str() && it.new_rows == *new_rows);
        let (permissive, restrictive): (Vec<_>, Vec<_>) = group.partition(|it| it.permissive);
        let admits = |it: &&PolicySays| it.answer == Answer::True;
        permissive.iter().any(admits) && restrictive.iter().all(admits)
    });
    Some(groups.into_iter().all(|it| it))
}
