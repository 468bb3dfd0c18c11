//! From files and history to a plan.

use palisade_db::{Connection, DbError, introspect};
use palisade_migrator::{
    CheckError, DriftError, History, Migration, OutOfOrder, Repair, Version, check, is_needless, load, reconcile,
};
use palisade_plan::{Expectation, MigrationStep, Plan, RepairStep, Step};
use palisade_rls::is_current;

use crate::inputs::{Inputs, Scope};

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
pub enum ProposeError {
    /// Files and history disagree.
    #[error("{0}")]
    Drift(DriftError),
    /// A file cannot be run as it is.
    #[error("{0}")]
    Check(CheckError),
    /// The latest migration has no way down.
    #[error("`{file}` has no way down")]
    NoWayDown {
        /// Its file.
        file: String,
    },
    /// The target could not be asked.
    #[error("{0}")]
    Database(DbError),
}

impl ProposeError {
    /// What to do next.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Drift(error) => Some(error.help()),
            Self::Check(error) => Some(error.help()),
            Self::NoWayDown { .. } => Some(
                "write a new migration that takes it back; pairs of `.up.sql` and `.down.sql` are made by \
                 `cargo xtask db-generate --custom NAME --reversible`"
                    .to_owned(),
            ),
            Self::Database(error) => error.help(),
        }
    }
}

/// Makes the plan that brings the files to the target: what is pending, and row security if it is not what the files say.
/// A plan without steps means that there is nothing to do. Reads only, in two round trips, three for a protected target.
///
/// # Errors
///
/// [`ProposeError`].
pub async fn propose(connection: &mut Connection, inputs: &Inputs<'_>) -> Result<Plan, ProposeError> {
    let history = load(connection, inputs.tables).await.map_err(ProposeError::Database)?;
    let mut steps = Vec::new();
    if inputs.wants_migrations() {
        let pending = pending(inputs, &history)?;
        steps.extend(pending.into_iter().map(|it| Step::Migration(it.to_step())));
    }
    if inputs.scope == Scope::LatestMigrationBack {
        steps.extend(latest_back(inputs, &history)?.map(Step::Migration));
    }
    if inputs.wants_row_security() {
        // New tables need their policies; whether old ones still have theirs is asked.
        let current =
            steps.is_empty() && is_current(connection, inputs.policies).await.map_err(ProposeError::Database)?;
        if !current {
            steps.push(Step::RowSecurity(inputs.policies.to_step()));
        }
    }
    finish(connection, inputs, &history, steps).await
}

/// Makes the plan of one correction of the history; without a step if the history says so already.
///
/// # Errors
///
/// [`ProposeError::Database`] if the target could not be asked.
pub async fn repair_plan(
    connection: &mut Connection,
    inputs: &Inputs<'_>,
    version: Version,
    repair: Repair,
) -> Result<Plan, ProposeError> {
    let history = load(connection, inputs.tables).await.map_err(ProposeError::Database)?;
    let mut steps = Vec::new();
    if !is_needless(repair, version, &history, inputs.migrations) {
        steps.push(Step::Repair(RepairStep { version: version.0, action: repair.as_str().to_owned() }));
    }
    finish(connection, inputs, &history, steps).await
}

async fn finish(
    connection: &mut Connection,
    inputs: &Inputs<'_>,
    history: &History,
    steps: Vec<Step>,
) -> Result<Plan, ProposeError> {
    let environment = inputs.environment;
    let catalog = if environment.protected && !steps.is_empty() {
        let catalog = introspect::catalog(connection, &environment.schemas).await.map_err(ProposeError::Database)?;
        Some(catalog.fingerprint())
    } else {
        None
    };
    let target = connection.facts().target(environment);
    Ok(Plan { target, expects: Expectation { applied: history.versions(), catalog }, steps })
}

fn pending<'a>(inputs: &Inputs<'a>, history: &History) -> Result<Vec<&'a Migration>, ProposeError> {
    let found = reconcile(inputs.migrations, history);
    let switched_off = inputs.environment.protected && !inputs.environment.gates.clean_history;
    let pending = if switched_off {
        found.pending_regardless()
    } else {
        found.pending(inputs.out_of_order).map_err(ProposeError::Drift)?
    };
    for migration in pending {
        check(&migration.up).map_err(ProposeError::Check)?;
    }
    Ok(pending.to_vec())
}

/// The step that takes back what was applied last in the order of versions; none if nothing is applied.
fn latest_back(inputs: &Inputs<'_>, history: &History) -> Result<Option<MigrationStep>, ProposeError> {
    // A file that was edited since may not take back what ran.
    reconcile(inputs.migrations, history).pending(OutOfOrder::Allow).map_err(ProposeError::Drift)?;
    let Some(latest) = history.applied.last() else { return Ok(None) };
    let migration = inputs.migrations.iter().find(|it| it.version == latest.version);
    let Some(migration) = migration else { return Ok(None) };
    let Some(step) = migration.to_revert_step() else {
        return Err(ProposeError::NoWayDown { file: migration.up.file.clone() });
    };
    if let Some(down) = &migration.down {
        check(down).map_err(ProposeError::Check)?;
    }
    Ok(Some(step))
}
