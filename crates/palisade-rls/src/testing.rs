//! Tests of row security: who can do what to which rows, in `rls/tests/*.toml`.
//!
//! ```toml
//! on = "public.posts"
//!
//! [[test]]
//! name = "authors see their drafts"
//! as = "tom"
//! can = "select"
//! where = "author_id = '$uuid' and not published"
//! ```
//!
//! A test tries one statement as a persona, in a transaction of its own that is rolled back. Which rows there are is asked without
//! row security, so that a test about rows that do not exist fails.

mod error;
mod fields;
mod file;
mod statement;
mod text;
mod verdict;

use camino::Utf8PathBuf;
use palisade_db::{Connection, Row, batch};
use palisade_sql::{Excerpt, Literal, QualifiedName};
use serde::Serialize;

use crate::persona::Personas;
use crate::trial::{Mode, Observed, Probe, TrialError, World, try_out};
pub use error::{TestError, TestProblem};
pub use file::read_tests;
pub use verdict::{Outcome, TestResult};

/// What a test tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verb {
    /// Reads rows.
    Select,
    /// Adds rows.
    Insert,
    /// Changes rows.
    Update,
    /// Removes rows.
    Delete,
}

impl Verb {
    pub(crate) const ALL: [Self; 4] = [Self::Select, Self::Insert, Self::Update, Self::Delete];

    /// As in a file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Select => "select",
            Self::Insert => "insert",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }
}

/// What is tried, with all that it needs; texts are SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Attempt {
    Select { columns: Vec<String> },
    Insert { values: Inserted, returning: Vec<String>, on_conflict: Option<String> },
    Update { set: Vec<(String, String)>, blind: bool, returning: Vec<String> },
    Delete { blind: bool, returning: Vec<String> },
}

/// New rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Inserted {
    /// Columns and their values.
    Values(Vec<(String, String)>),
    /// What stands behind `insert into table`.
    Sql(String),
}

/// One test: one persona, one statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Test {
    /// Its name; with the persona or the command behind it where the file has several of them.
    pub name: String,
    /// The file.
    pub file: Utf8PathBuf,
    /// The line where it begins, from 1.
    pub line: usize,
    /// As whom.
    pub persona: String,
    /// On which table or view.
    pub table: QualifiedName,
    /// Whether it is to be possible.
    pub can: bool,
    /// Where the table is named, to point at it.
    table_at: Excerpt,
    put_on: String,
    setup: Option<String>,
    filter: Option<String>,
    rows: Option<u64>,
    error: Option<String>,
    attempt: Attempt,
}

impl Test {
    /// What it tries.
    pub fn verb(&self) -> Verb {
        match self.attempt {
            Attempt::Select { .. } => Verb::Select,
            Attempt::Insert { .. } => Verb::Insert,
            Attempt::Update { .. } => Verb::Update,
            Attempt::Delete { .. } => Verb::Delete,
        }
    }

    /// What it says.
    pub fn says(&self) -> String {
        let blind = match self.attempt {
            Attempt::Update { blind, .. } | Attempt::Delete { blind, .. } if blind => "blindly ",
            _ => "",
        };
        let can = if self.can { "can" } else { "cannot" };
        format!(
            "{} {can} {blind}{} {}.{}",
            self.persona,
            self.verb().as_str(),
            self.table.schema.as_str(),
            self.table.name.as_str()
        )
    }
}

/// Refuses tests about tables that are not there.
///
/// # Errors
///
/// [`TestError`] with the place and the most similar name, or if the database cannot be asked.
pub async fn check_tables(connection: &mut Connection, tests: &[Test]) -> Result<(), TestError> {
    let done = batch(connection, include_str!("testing/relations.sql")).await.map_err(|it| it.error)?;
    let mut known: Vec<String> = Vec::new();
    for row in &done.rows {
        known.push(row.try_get("name").map_err(palisade_db::DbError::from)?);
    }
    for test in tests {
        let name = format!("{}.{}", test.table.schema.as_str(), test.table.name.as_str());
        if !known.contains(&name) {
            let problem = TestProblem::UnknownTable { similar: error::similar(&name, &known), name };
            return Err(TestError::content(&test.file, test.table_at.clone(), problem));
        }
    }
    Ok(())
}

/// Runs tests, each in a savepoint that is rolled back.
///
/// # Errors
///
/// [`TrialError`] if none could be run. What became of each is in its [`TestResult`].
pub async fn run_tests(connection: &mut Connection, tests: &[Test]) -> Result<Vec<TestResult>, TrialError> {
    let probes = probes(tests);
    let world = World { sql: None, probes: (0..probes.len()).collect() };
    let seen = try_out(connection, &[world], &probes, Mode::RolledBack).await?;
    let observed = seen.into_iter().flat_map(|it| it.seen);
    Ok(tests.iter().zip(observed).map(|(test, it)| test.result(&it)).collect())
}

/// The statements of tests.
pub(crate) fn probes(tests: &[Test]) -> Vec<Probe> {
    tests.iter().map(Test::probe).collect()
}

/// Whether a test still passes.
pub(crate) fn passes(test: &Test, observed: &Observed) -> bool {
    matches!(test.judge(observed), Outcome::Passed)
}

/// The persona of a name, as SQL that puts it on.
fn put_on(personas: &Personas, name: &str) -> Option<Result<String, crate::persona::PutOnError>> {
    personas.get(name).map(crate::Persona::put_on_sql)
}

/// A text as a literal.
fn literal(text: &str) -> Result<String, palisade_sql::LiteralError> {
    Ok(Literal::new(text)?.to_string())
}
