//! Why somebody can or cannot reach a row.
//!
//! Each policy that binds the persona is asked about each row: its condition is evaluated as the persona, on a copy of the row, so
//! that rows can be asked about that the persona does not see. What the verdicts add up to is compared with what a statement of the
//! persona really reaches.

mod answer;
mod ask;

use palisade_db::{Connection, DbError};
use palisade_policy::{Access, Policy, PolicyCommand, Relation, Why};
use palisade_sql::{Ident, IdentError, Literal, LiteralError, QualifiedName};
use serde::Deserialize;

use crate::persona::{Persona, PutOnError};
use crate::testing::Verb;
use crate::trial::{Mode, Probe, ProbeKind, Refusal, TrialError, World, try_out};
pub use answer::{Answer, Explanation, Gate, PartSays, PolicySays, RowExplained};

/// How many rows are explained.
pub const MOST_ROWS: usize = 20;

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// Who.
    pub persona: &'a Persona,
    /// Which table.
    pub relation: &'a Relation,
    /// Which rows, as SQL; all if none.
    pub filter: Option<&'a str>,
    /// What is to be done with them.
    pub command: Verb,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// The database could not be asked.
    #[error("{0}")]
    Trial(#[from] TrialError),
    /// The rows could not be read.
    #[error("the rows could not be read: {} (SQLSTATE {})", .0.message, .0.code)]
    Rows(Refusal),
    /// The persona cannot be put on.
    #[error("{0}")]
    Persona(#[from] PutOnError),
    /// A name that no statement can hold.
    #[error("{0}")]
    Name(#[from] IdentError),
    /// A text that cannot be sent.
    #[error("{0}")]
    Text(#[from] LiteralError),
    /// The database has no such role.
    #[error("the database has no role `{0}`")]
    NoRole(String),
}

/// A row, as text that the server reads back.
#[derive(Debug, Clone, Deserialize)]
struct RowCopy {
    row: String,
    key: serde_json::Map<String, serde_json::Value>,
}

/// Explains at most [`MOST_ROWS`] rows.
///
/// # Errors
///
/// [`ExplainError`] if nothing can be told.
pub async fn explain(
    connection: &mut Connection,
    access: &Access<'_>,
    question: Question<'_>,
    mode: Mode,
) -> Result<Explanation, ExplainError> {
    let Question { persona, relation, command, .. } = question;
    let role = access.facts.role_named(&persona.role).ok_or_else(|| ExplainError::NoRole(persona.role.clone()))?;
    let cell = access.cell(role, relation, access_command(command));
    let gate = Gate {
        open: !matches!(cell.why, Why::NoPrivilege | Why::NoSchemaUsage),
        filtered: access.is_filtered(role, relation),
        why: cell.why.as_str(),
        columns: cell.columns,
    };
    let mut rows = copies(connection, access, question, mode).await?;
    let more = rows.len() > MOST_ROWS;
    rows.truncate(MOST_ROWS);
    let mut clauses = Vec::new();
    if gate.open && gate.filtered {
        for &(of, new_rows) in decisive(command) {
            for policy in access.policies(role, relation.oid, of) {
                clauses.push(Clause { policy, of, new_rows });
            }
        }
    }
    let asked = ask::Ask { question, mode, access, role };
    let says = asked.policies(connection, &rows, &clauses).await?;
    let reached = asked.reached(connection, &rows).await?;
    let rows = rows.into_iter().zip(says).zip(reached);
    let rows = rows.map(|((copy, says), reached)| RowExplained::new(copy.key, says, reached, &gate, command)).collect();
    Ok(Explanation {
        persona: persona.name.clone(),
        role: persona.role.clone(),
        table: relation.qualified(),
        command,
        gate,
        rows,
        more,
    })
}

/// A condition that decides.
#[derive(Debug, Clone, Copy)]
struct Clause<'a> {
    policy: &'a Policy,
    /// For which command it is looked at.
    of: PolicyCommand,
    /// Whether new rows are what it is about.
    new_rows: bool,
}

impl Clause<'_> {
    fn sql(&self) -> Option<&str> {
        let condition = if self.new_rows { self.policy.check() } else { self.policy.using.as_ref() };
        condition.map(|it| it.sql.as_str())
    }
}

/// The policies that a statement with a condition has to get past, in the order in which they are told.
fn decisive(command: Verb) -> &'static [(PolicyCommand, bool)] {
    match command {
        Verb::Select => &[(PolicyCommand::Select, false)],
        Verb::Insert => &[(PolicyCommand::Insert, true)],
        Verb::Update => {
            &[(PolicyCommand::Select, false), (PolicyCommand::Update, false), (PolicyCommand::Update, true)]
        }
        Verb::Delete => &[(PolicyCommand::Select, false), (PolicyCommand::Delete, false)],
    }
}

fn access_command(command: Verb) -> palisade_policy::AccessCommand {
    use palisade_policy::AccessCommand;
    match command {
        Verb::Select => AccessCommand::Select,
        Verb::Insert => AccessCommand::Insert,
        Verb::Update => AccessCommand::Update,
        Verb::Delete => AccessCommand::Delete,
    }
}

/// The rows that are asked about, without row security.
async fn copies(
    connection: &mut Connection,
    access: &Access<'_>,
    question: Question<'_>,
    mode: Mode,
) -> Result<Vec<RowCopy>, ExplainError> {
    let Question { relation, filter, .. } = question;
    let (table, alias) = (name(relation)?, Ident::new(relation.name.as_str())?);
    let mut key = Vec::new();
    for column in key_columns(access, relation) {
        key.push(format!("{}, {alias}.{}::text", Literal::new(column)?, Ident::new(column)?));
    }
    if key.is_empty() {
        key.push(format!("{}, {alias}.ctid::text", Literal::new("ctid")?));
    }
    let condition = filter.map_or_else(String::new, |it| format!(" where ({it}\n)"));
    let statement = format!(
        "select coalesce(jsonb_agg(found.it), '[]')::text from (select jsonb_build_object('row', ({alias}.*)::text, 'key', \
         jsonb_build_object({})) as it from {table} as {alias}{condition} limit {}) as found",
        key.join(", "),
        MOST_ROWS + 1
    );
    let probe = Probe {
        setup: Some("set local row_security = off".to_owned()),
        statement,
        kind: ProbeKind::Value,
        ..Probe::default()
    };
    let world = World { sql: None, probes: vec![0] };
    let seen = try_out(connection, &[world], &[probe], mode).await?;
    let Some(observed) = seen.into_iter().flat_map(|it| it.seen).next() else { return Ok(Vec::new()) };
    if let Some(error) = observed.error {
        return Err(ExplainError::Rows(error));
    }
    let text = observed.said.unwrap_or_default();
    Ok(serde_json::from_str(&text).map_err(TrialError::from)?)
}

fn name(relation: &Relation) -> Result<QualifiedName, IdentError> {
    QualifiedName::new(relation.schema_name.as_str(), relation.name.as_str())
}

/// The columns of the primary key.
fn key_columns<'a>(access: &Access<'_>, relation: &'a Relation) -> Vec<&'a str> {
    let key = access.facts.indexes.iter().find(|it| it.relation == relation.oid && it.primary);
    let numbers = key.map_or(&[][..], |it| it.columns.as_slice());
    let column = |it: &i32| relation.columns.iter().find(|column| column.number == *it).map(|it| it.name.as_str());
    numbers.iter().filter_map(column).collect()
}

impl From<DbError> for ExplainError {
    fn from(error: DbError) -> Self {
        Self::Trial(error.into())
    }
}
