//! The result: statements in the order in which they can run.

use std::collections::BTreeSet;
use std::fmt;

use palisade_catalog::ObjectKey;
use palisade_plan::{Hazard, LockMode};

/// What a statement does with its object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Makes it.
    Create,
    /// Changes it in place.
    Alter,
    /// Removes it.
    Drop,
}

/// How a statement has to stand to those around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Transaction {
    /// In one transaction with its neighbours.
    Shared,
    /// In a transaction that begins behind a commit: what it uses must be visible to all, or a lock must have been let go.
    Fresh,
    /// Outside of any transaction: Postgres refuses it inside of one.
    Outside,
}

/// How a statement can hurt, with what.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub struct Danger {
    /// In which way.
    pub hazard: Hazard,
    /// What or whom, in words.
    pub detail: String,
}

/// A lock that a statement takes on a relation that was there before the script, until its transaction ends.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub struct Lock {
    /// How strong it is.
    pub mode: LockMode,
    /// The table, view or sequence, as SQL names it.
    pub relation: String,
}

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Statement {
    /// The SQL, without the semicolon behind it.
    pub sql: String,
    /// The object that it is about.
    pub object: ObjectKey,
    /// What it does with that.
    pub action: Action,
    /// How it can hurt.
    pub dangers: Vec<Danger>,
    /// What it locks of what is there, strongest first. Not on what the script itself makes, which nobody waits for.
    pub locks: Vec<Lock>,
    /// How it has to stand to those around it.
    pub transaction: Transaction,
}

/// Statements in the order in which they can run.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Script {
    /// The statements.
    pub statements: Vec<Statement>,
    /// Differences that no statement of this script takes away, in words: objects that are not modelled, secrets that are not read.
    pub left: Vec<String>,
}

impl Statement {
    /// A statement without danger that can stand anywhere.
    pub fn new(object: &ObjectKey, action: Action, sql: impl Into<String>) -> Self {
        let (dangers, locks, transaction) = (Vec::new(), Vec::new(), Transaction::Shared);
        Self { sql: sql.into(), object: object.clone(), action, dangers, locks, transaction }
    }

    /// The same with a danger.
    #[must_use]
    pub fn danger(mut self, hazard: Hazard, detail: impl Into<String>) -> Self {
        self.dangers.push(Danger { hazard, detail: detail.into() });
        self
    }

    /// What stands above it as comments, each on one line, whatever names hold: a second one would be SQL.
    pub fn notes(&self) -> Vec<String> {
        let dangers = self.dangers.iter().map(|Danger { hazard, detail }| format!("{hazard}: {detail}"));
        let locks = self.locks.chunk_by(|one, other| one.mode == other.mode).map(|same| {
            let relations: Vec<&str> = same.iter().map(|it| it.relation.as_str()).collect();
            format!("lock: {} on {}", same[0].mode, relations.join(", "))
        });
        let on_one_line = |it: String| it.chars().map(|it| if it.is_control() { ' ' } else { it }).collect();
        dangers.chain(locks).map(on_one_line).collect()
    }

    /// The same, standing otherwise.
    #[must_use]
    pub fn in_transaction(mut self, transaction: Transaction) -> Self {
        self.transaction = transaction;
        self
    }
}

impl Script {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.statements.is_empty()
    }

    /// Whether all statements can stand in one transaction.
    pub fn is_transactional(&self) -> bool {
        self.statements.iter().all(|it| it.transaction == Transaction::Shared)
    }

    /// The objects whose data are lost, in order.
    pub fn data_loss(&self) -> BTreeSet<&ObjectKey> {
        let lossy = |it: &&Statement| it.dangers.iter().any(|danger| danger.hazard == Hazard::DataLoss);
        self.statements.iter().filter(lossy).map(|it| &it.object).collect()
    }
}

/// The SQL, each statement with its dangers and locks as comments above it; nothing if there is nothing to do.
impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, statement) in self.statements.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            for note in statement.notes() {
                writeln!(f, "-- {note}")?;
            }
            writeln!(f, "{};", statement.sql.trim_end())?;
        }
        Ok(())
    }
}
