//! What became of a test.

use camino::Utf8PathBuf;
use serde::Serialize;

use super::{Test, Verb};
use crate::trial::{Observed, Refusal, Stage};

/// How a test ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", content = "got", rename_all = "lowercase")]
pub enum Outcome {
    /// As it says.
    Passed,
    /// Something else happened.
    Failed(String),
    /// It could not be tried: what it needs is not there.
    Broken(String),
}

/// A test, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TestResult {
    /// Its name.
    pub name: String,
    /// The file.
    pub file: Utf8PathBuf,
    /// The line where it begins.
    pub line: usize,
    /// As whom.
    pub persona: String,
    /// `schema.table`
    pub table: String,
    /// The command.
    pub command: Verb,
    /// What it wants to see.
    pub expected: String,
    /// How it ended.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// SQL that does the same by hand.
    pub sql: String,
}

/// What SQLSTATE 42501 is called.
const REFUSED: &str = "42501";

impl Test {
    pub(super) fn result(&self, observed: &Observed) -> TestResult {
        TestResult {
            name: self.name.clone(),
            file: self.file.clone(),
            line: self.line,
            persona: self.persona.clone(),
            table: format!("{}.{}", self.table.schema.as_str(), self.table.name.as_str()),
            command: self.verb(),
            expected: self.expected(),
            outcome: self.judge(observed),
            sql: self.script(),
        }
    }

    fn expected(&self) -> String {
        let rows = match (self.verb(), self.can, self.rows) {
            (Verb::Insert, true, None) => "the row is accepted".to_owned(),
            (Verb::Insert, false, _) => "row security or a missing privilege refuses the row".to_owned(),
            (_, true, Some(1)) => "exactly 1 row is reached".to_owned(),
            (_, true, Some(rows)) => format!("exactly {rows} rows are reached"),
            (_, true, None) => "all of these rows are reached".to_owned(),
            (_, false, _) => "none of these rows is reached".to_owned(),
        };
        match &self.error {
            Some(code) => format!("SQLSTATE {code}"),
            None => rows,
        }
    }

    /// How it ended.
    pub(super) fn judge(&self, observed: &Observed) -> Outcome {
        let Observed { stage, existing, reached, said: _, error } = observed;
        match (stage, error) {
            (Stage::Statement, Some(error)) => return self.refused(*existing, error),
            (_, Some(error)) => {
                let what = match stage {
                    Stage::Setup => "`setup` failed",
                    Stage::Count => "the rows could not be counted",
                    Stage::Persona => "the persona could not be put on",
                    Stage::Statement | Stage::Left | Stage::Done => "the rows could not be counted afterwards",
                };
                return Outcome::Broken(format!("{what}: {}", sentence(error)));
            }
            (_, None) => {}
        }
        if let Some(code) = &self.error {
            return Outcome::Failed(format!("no error, where SQLSTATE {code} was expected"));
        }
        let reached = reached.unwrap_or_default();
        match (self.verb(), self.can, self.rows) {
            (Verb::Insert, true, None) if reached > 0 => Outcome::Passed,
            (Verb::Insert, true, None) => Outcome::Failed("no row was added".to_owned()),
            (Verb::Insert, false, _) if reached > 0 => Outcome::Failed("the row was accepted".to_owned()),
            (Verb::Insert, false, _) => Outcome::Failed("no row was added, but nothing refused it either".to_owned()),
            (_, can, rows) => self.compare(existing.unwrap_or_default(), reached, can, rows),
        }
    }

    fn compare(&self, existing: i64, reached: i64, can: bool, rows: Option<u64>) -> Outcome {
        let none = || Outcome::Failed("there are no such rows, so the test says nothing".to_owned());
        let of = || {
            Outcome::Failed(format!(
                "{reached} of {existing} rows {} reached",
                if reached == 1 { "was" } else { "were" }
            ))
        };
        match (can, rows) {
            (true, Some(rows)) if u64::try_from(reached) == Ok(rows) && self.verb() != Verb::Insert => {
                // Nothing can be reached of nothing: that would pass for another reason.
                if existing == 0 { none() } else { Outcome::Passed }
            }
            (true, Some(rows)) if u64::try_from(reached) == Ok(rows) => Outcome::Passed,
            (true, Some(_)) if self.verb() == Verb::Insert => Outcome::Failed(format!("{reached} rows were added")),
            _ if existing == 0 => none(),
            (true, None) if reached == existing => Outcome::Passed,
            (false, _) if reached == 0 => Outcome::Passed,
            _ => of(),
        }
    }

    /// The statement failed.
    fn refused(&self, existing: Option<i64>, error: &Refusal) -> Outcome {
        let sentence = sentence(error);
        if let Some(code) = &self.error {
            return if *code == error.code { Outcome::Passed } else { Outcome::Failed(sentence) };
        }
        if self.can {
            return Outcome::Failed(sentence);
        }
        if existing == Some(0) {
            return Outcome::Failed("there are no such rows, so the test says nothing".to_owned());
        }
        if self.is_about_the_table(error) {
            Outcome::Passed
        } else {
            Outcome::Failed(format!("another error than one of row security: {sentence}"))
        }
    }

    /// Whether the refusal is one of row security, or of a privilege on this table or its schema. That a function of a policy may
    /// not be called is a mistake, not a rule.
    fn is_about_the_table(&self, error: &Refusal) -> bool {
        if error.code != REFUSED {
            return false;
        }
        let Some(object) = error.message.strip_prefix("permission denied for ") else {
            // Of row security; or in a language that is not looked into.
            return !error.message.starts_with("must be ") && !error.message.starts_with("permission denied");
        };
        let (kind, name) = object.split_once(' ').unwrap_or((object, ""));
        match kind {
            "schema" => name == self.table.schema.as_str(),
            "table" | "view" | "relation" | "materialized" | "foreign" | "column" => {
                object.ends_with(self.table.name.as_str())
            }
            _ => false,
        }
    }
}

/// An error for people.
fn sentence(error: &Refusal) -> String {
    let detail = error.detail.as_ref().map_or_else(String::new, |it| format!(": {it}"));
    format!("{}{detail} (SQLSTATE {})", error.message, error.code)
}
