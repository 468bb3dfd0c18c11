//! Trying statements without leaving a trace.
//!
//! A *probe* is a statement as somebody, a *world* is what the database is made to be for a moment. All worlds and probes of one
//! call are one message and one transaction, which is rolled back; each world and each probe in it has a savepoint of its own. The
//! loop over them runs on the server: hundreds of worlds are a matter of seconds, wherever the server is.

use palisade_db::{Connection, DbError, Row, batch};
use palisade_sql::{Literal, LiteralError};
use serde::{Deserialize, Serialize};

/// What is done with the statement of a probe.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ProbeKind {
    /// It gives one number.
    Count,
    /// It gives one text.
    Value,
    /// It runs; the number is how many rows it reached. Constraints that were put off are checked behind it.
    #[default]
    Run,
}

/// A statement as somebody.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Probe {
    /// Runs before, as ourselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub setup: Option<String>,
    /// A query of a number and an array of texts, asked as ourselves without row security: what exists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<String>,
    /// Puts the persona on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub persona: Option<String>,
    /// The statement.
    pub statement: String,
    /// What is done with it.
    pub kind: ProbeKind,
    /// A query of a number, asked as ourselves afterwards; `$1` is the array of `count`. What is missing from the first number was
    /// reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left: Option<String>,
}

/// What the database is made to be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct World {
    /// Makes it so; nothing leaves it as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sql: Option<String>,
    /// Which probes are tried in it, by their number.
    pub probes: Vec<usize>,
}

/// An error of the server, as its functions see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// SQLSTATE
    pub code: String,
    /// What went wrong.
    pub message: String,
    /// More about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The server's advice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// How far a probe came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// `setup` failed.
    Setup,
    /// `count` failed.
    Count,
    /// The persona could not be put on.
    Persona,
    /// The statement failed.
    Statement,
    /// `left` failed.
    Left,
    /// It ran.
    Done,
}

/// What a probe saw.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Observed {
    /// How far it came.
    pub stage: Stage,
    /// What `count` found.
    pub existing: Option<i64>,
    /// How many rows.
    pub reached: Option<i64>,
    /// Which text.
    pub said: Option<String>,
    /// Why it came no further.
    pub error: Option<Refusal>,
}

/// What was seen in a world.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct WorldSeen {
    /// Why there is no such world.
    pub failed: Option<Refusal>,
    /// What its probes saw, in their order.
    pub seen: Vec<Observed>,
}

/// Whether probes may write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// They may; it is rolled back.
    RolledBack,
    /// The server refuses every write.
    ReadOnly,
}

/// Why nothing was tried.
#[derive(Debug, thiserror::Error)]
pub enum TrialError {
    /// The database could not be asked.
    #[error("{0}")]
    Database(#[from] DbError),
    /// The statements cannot be sent.
    #[error("{0}")]
    Text(#[from] LiteralError),
    /// What came back is something else.
    #[error("the answer cannot be read: {0}")]
    Answer(#[from] serde_json::Error),
}

#[derive(Serialize)]
struct Job<'a> {
    worlds: &'a [World],
    probes: &'a [Probe],
}

/// Tries all probes of each world; nothing stays but used numbers of sequences.
///
/// # Errors
///
/// [`TrialError`] if nothing could be tried. What a probe meets is in its [`Observed`].
pub async fn try_out(
    connection: &mut Connection,
    worlds: &[World],
    probes: &[Probe],
    mode: Mode,
) -> Result<Vec<WorldSeen>, TrialError> {
    let job = Literal::new(serde_json::to_string(&Job { worlds, probes })?)?;
    let begin = match mode {
        Mode::RolledBack => "begin",
        Mode::ReadOnly => "begin read only",
    };
    let sql = format!(
        "{}{begin};\nset local jit = off;\nset local client_min_messages = error;\n\
         select pg_catalog.set_config('palisade.job', {job}, true) is null as ready;\n{}\n\
         select pg_catalog.current_setting('palisade.result') as result;\nrollback",
        connection.reset_sql(),
        include_str!("trial/run.sql"),
    );
    match batch(connection, &sql).await {
        Ok(done) => {
            let row = done.rows.last().ok_or_else(|| DbError::Unexpected { reason: "no row".to_owned() })?;
            let text: String = row.try_get("result").map_err(DbError::from)?;
            Ok(serde_json::from_str(&text)?)
        }
        Err(failed) => {
            if !failed.error.ends_connection() {
                // The first error says why.
                let _ = batch(connection, "rollback").await;
            }
            Err(failed.error.into())
        }
    }
}
