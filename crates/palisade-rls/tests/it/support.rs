//! One database for each test, and the shortest way from SQL to an approved plan.

use std::time::Duration;

use palisade_db::{Connection, Row, Session, batch};
use palisade_embedded::{GrantRegime, Layer, ScratchDatabase};
use palisade_plan::{Answer, ApprovedPlan, Expectation, Plan, Step, Target};
use palisade_rls::{Applied, ApplyError, ApplySettings, PolicyFile, PolicyScript, apply};

pub(crate) struct Database(ScratchDatabase);

impl Database {
    /// A database like a new Supabase project, and `sql` run in it.
    pub(crate) async fn new(sql: &str) -> Self {
        Self::with(GrantRegime::After, sql).await
    }

    pub(crate) async fn with(regime: GrantRegime, sql: &str) -> Self {
        let this = Self(palisade_tests::database_with(&[Layer::supabase(regime)]).await);
        this.run(sql).await;
        this
    }

    pub(crate) async fn connect(&self) -> Connection {
        palisade_tests::connection(&self.0).await
    }

    /// Waits for a session that a test has dropped: the server learns of that a moment later.
    pub(crate) async fn session(&self) -> Session {
        Session::acquire(self.connect().await, Duration::from_secs(20), |_| ()).await.unwrap()
    }

    pub(crate) async fn run(&self, sql: &str) {
        run(&mut self.connect().await, sql).await;
    }

    /// Applies files, given as paths and texts, with settings that do not wait for long.
    pub(crate) async fn apply(&self, files: &[(&str, &str)]) -> Result<Applied, ApplyError> {
        let mut session = self.session().await;
        let approved = approve(&session.connection().facts().identity, &script(files));
        let applied = apply(&mut session, &approved, &[], ApplySettings::default()).await;
        session.release().await.unwrap();
        applied
    }
}

pub(crate) async fn run(connection: &mut Connection, sql: &str) {
    batch(connection, sql).await.unwrap_or_else(|error| panic!("{error}: {sql}"));
}

/// The first column of the last row, as text.
pub(crate) async fn ask(connection: &mut Connection, sql: &str) -> Result<String, palisade_db::DbError> {
    match batch(connection, sql).await {
        Ok(done) => Ok(done.rows.last().map_or_else(String::new, |row| row.get_unchecked::<String, _>(0))),
        Err(failed) => {
            batch(connection, "rollback").await.unwrap();
            Err(failed.error)
        }
    }
}

pub(crate) fn script(files: &[(&str, &str)]) -> PolicyScript {
    let file = |(path, sql): &(&str, &str)| PolicyFile { path: (*path).into(), sql: (*sql).to_owned() };
    PolicyScript::from_files(files.iter().map(file).collect()).unwrap()
}

pub(crate) fn approve(identity: &palisade_plan::TargetIdentity, script: &PolicyScript) -> ApprovedPlan {
    let plan = Plan {
        target: Target {
            environment: "dev".to_owned(),
            protected: false,
            identity: identity.clone(),
            protected_by: Vec::new(),
        },
        expects: Expectation { applied: Vec::new(), catalog: None },
        steps: vec![Step::RowSecurity(script.to_step())],
    };
    plan.approve(&[], &Answer::None).unwrap()
}

pub(crate) fn lines(applied: &Applied) -> String {
    applied.changes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
