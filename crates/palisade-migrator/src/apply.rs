//! Executing the migrations of an approved plan.

mod stepwise;
mod transactional;

use std::collections::BTreeSet;
use std::time::Duration;

use palisade_db::{DbError, Session, batch, introspect};
use palisade_plan::{ApprovedPlan, MigrationStep};

use crate::check::check;
use crate::error::{ApplyCause, ApplyError, Done};
use crate::history::{self, Attempt, AttemptState, History, HistoryTables};
use crate::journal::Journal;
use crate::migration::{MigrationFile, Version};
use crate::run::Run;

/// What an apply did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Applied {
    /// The migrations, in order.
    pub done: Vec<Done>,
}

/// What an apply is doing.
#[derive(Debug, Clone, Copy)]
pub enum Progress<'a> {
    /// A migration begins.
    Begins {
        /// It.
        step: &'a MigrationStep,
        /// Its number among those of the plan, from 1.
        number: usize,
        /// How many there are.
        of: usize,
    },
    /// A statement of a file without transaction begins.
    Statement {
        /// Its text.
        sql: &'a str,
    },
    /// A file that an earlier run left half done is taken up again.
    Resumes {
        /// How many of its units are done.
        done: usize,
    },
    /// What an interrupted statement left behind is removed.
    CleansUp {
        /// What.
        object: &'a str,
    },
    /// The connection broke and a new one is opened.
    Reconnects {
        /// Why.
        error: &'a DbError,
    },
    /// A migration is done for good.
    Ends {
        /// It.
        done: &'a Done,
    },
}

/// Everything that an apply needs beside the session and the plan.
#[derive(Debug, Clone, Copy)]
pub struct ApplyContext<'a> {
    /// Where the history stands.
    pub tables: &'a HistoryTables,
    /// The managed schemas, whose catalog the plan relies on.
    pub schemas: &'a [String],
    /// Who runs.
    pub run: &'a Run,
}

/// Executes the migrations of `approved`, in order, and notes every try.
///
/// The session's lock is held throughout. That nothing changed since the plan was made is checked inside the first
/// transaction. A migration with a transaction takes one round trip: the next message begins with its COMMIT, and its
/// transaction id is known before that is sent, so that a COMMIT whose answer is lost can be asked about.
///
/// # Errors
///
/// [`ApplyError`] with what was done before.
pub async fn apply(
    session: &mut Session,
    approved: &ApprovedPlan,
    context: ApplyContext<'_>,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Applied, ApplyError> {
    let applied = approved.plan().expects.applied.iter().copied().collect();
    let history = History::default();
    let mut apply = Apply { session, approved, context, progress, history, applied, done: Vec::new() };
    match apply.run().await {
        Ok(()) => Ok(Applied { done: apply.done }),
        Err(cause) => Err(ApplyError { done: apply.done, cause }),
    }
}

/// One apply under way.
struct Apply<'a> {
    session: &'a mut Session,
    approved: &'a ApprovedPlan,
    context: ApplyContext<'a>,
    progress: &'a mut dyn FnMut(Progress<'_>),
    history: History,
    /// The versions that stand in the history as far as this run knows.
    applied: BTreeSet<i64>,
    done: Vec<Done>,
}

impl Apply<'_> {
    async fn run(&mut self) -> Result<(), ApplyCause> {
        let steps: Vec<&MigrationStep> = self.approved.plan().migrations().collect();
        if steps.is_empty() {
            return Ok(());
        }
        for step in &steps {
            let file = MigrationFile { file: step.file.clone(), sql: step.sql.clone() };
            check(&file).map_err(ApplyCause::Check)?;
        }
        self.prepare().await?;
        let mut open = None;
        let mut rest = steps.as_slice();
        let of = steps.len();
        while let Some((step, behind)) = rest.split_first() {
            (self.progress)(Progress::Begins { step, number: of - behind.len(), of });
            if step.transactional {
                let durable = behind.first().is_none_or(|it| !it.transactional);
                open = Some(self.transactional(step, open, durable).await?);
            } else {
                self.commit(open.take()).await?;
                self.stepwise(step).await?;
            }
            rest = behind;
        }
        self.commit(open).await
    }

    /// Checks that this is the database of the plan, and makes our tables if they are missing.
    async fn prepare(&mut self) -> Result<(), ApplyCause> {
        self.check_target()?;
        self.history = self.still_alone().await?;
        let mut sql = String::new();
        if !self.history.exists {
            sql.push_str(&self.journal().create_tables());
        }
        sql.push_str(&self.journal().close_stale());
        batch(self.session.connection(), &sql).await.map_err(|it| ApplyCause::Journal(it.error))?;
        Ok(())
    }

    fn check_target(&mut self) -> Result<(), ApplyCause> {
        let planned = &self.approved.plan().target.identity;
        let found = &self.session.connection().facts().identity;
        if planned == found {
            return Ok(());
        }
        Err(ApplyCause::OtherTarget { planned: Box::new(planned.clone()), found: Box::new(found.clone()) })
    }

    fn journal(&self) -> Journal<'_> {
        Journal {
            tables: self.context.tables,
            run: self.context.run,
            approved: self.approved,
            mirror: self.history.mirror,
        }
    }

    /// Compares the catalog with the one that the plan was made on, inside the transaction that is open.
    async fn check_catalog(&mut self) -> Result<(), ApplyCause> {
        let Some(expected) = &self.approved.plan().expects.catalog else { return Ok(()) };
        let found = introspect::catalog_within(self.session.connection(), self.context.schemas)
            .await
            .map_err(ApplyCause::Journal)?;
        if found.fingerprint() == *expected {
            return Ok(());
        }
        let _ = batch(self.session.connection(), "rollback").await;
        Err(ApplyCause::CatalogChanged { objects: format!("its fingerprint is {} now", found.fingerprint()) })
    }

    async fn load(&mut self) -> Result<History, ApplyCause> {
        history::load(self.session.connection(), self.context.tables).await.map_err(ApplyCause::Journal)
    }

    /// Reads the history and makes sure that nobody else wrote it: between a lost session and the next one, another run may
    /// have had the lock.
    async fn still_alone(&mut self) -> Result<History, ApplyCause> {
        let history = self.load().await?;
        self.check_alone(&history)?;
        Ok(history)
    }

    fn check_alone(&self, history: &History) -> Result<(), ApplyCause> {
        if history.versions().iter().eq(&self.applied) { Ok(()) } else { Err(ApplyCause::HistoryChanged) }
    }

    /// The try that this run has under way; another run would have closed it.
    fn own_attempt<'h>(&self, history: &'h History, step: &MigrationStep) -> Result<&'h Attempt, ApplyCause> {
        let attempt = history.attempt(Version(step.version));
        attempt
            .filter(|it| it.run == self.context.run.id && it.state == AttemptState::Running)
            .ok_or(ApplyCause::HistoryChanged)
    }

    /// The history as it is once `step` is done.
    fn versions_with(&self, step: &MigrationStep) -> Vec<i64> {
        let mut versions = self.applied.clone();
        if step.reverts {
            versions.remove(&step.version);
        } else {
            versions.insert(step.version);
        }
        versions.into_iter().collect()
    }

    /// Opens a new session in place of a broken one; whatever the old one had under way is decided afterwards.
    async fn reconnect(&mut self, file: &str, error: &DbError) -> Result<(), ApplyCause> {
        (self.progress)(Progress::Reconnects { error });
        let fail = |source| ApplyCause::NoWayBack { file: file.to_owned(), source };
        self.session.reconnect(self.context.run.reconnect).await.map_err(fail)?;
        self.check_target()
    }

    /// A migration whose connection broke before its COMMIT. If the server crashed, earlier ones whose commit nobody waited
    /// for may be undone with it: the next run applies them again.
    async fn lost(&mut self, step: &MigrationStep, error: DbError) -> ApplyCause {
        let history = match self.load().await {
            Ok(history) => history.versions(),
            Err(cause) => return cause,
        };
        let reverts = |version| self.approved.plan().migrations().any(|it| it.version == version && it.reverts);
        self.done.retain(|it| history.contains(&it.version.0) != reverts(it.version.0));
        ApplyCause::Lost { file: step.file.clone(), error }
    }

    fn ends(&mut self, step: &MigrationStep, elapsed: Duration) {
        let milliseconds = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        let done = Done { version: Version(step.version), file: step.file.clone(), milliseconds };
        self.applied = self.versions_with(step).into_iter().collect();
        (self.progress)(Progress::Ends { done: &done });
        self.done.push(done);
    }
}
