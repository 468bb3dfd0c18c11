//! From files and history to a plan.

use palisade_config::Environment;
use palisade_db::{Connection, DbError, introspect};
use palisade_migrator::{
    CheckError, DriftError, History, Migration, OutOfOrder, Repair, Version, check, is_needless, load, reconcile,
};
use palisade_plan::{Expectation, MigrationStep, Plan, RepairStep, RowSecurityStep, Step};
use palisade_rls::{Orphans, is_current};

use crate::declared::{DeclaredError, access, declared};
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
    /// It is not known what the policy files declare.
    #[error("{0}")]
    Declared(Box<DeclaredError>),
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
            Self::Declared(error) => error.help(),
            Self::Database(error) => error.help(),
        }
    }
}

/// Makes the plan that brings the files to the target: what is pending, and row security if it is not what the files say.
/// A plan without steps means that there is nothing to do. Reads only, in two round trips, three for a protected
/// target, and two more where row security may not be what the files declare.
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
        steps.extend(row_security(connection, inputs, &history, &steps).await?.map(Step::RowSecurity));
    }
    finish(connection, inputs.environment, &history, steps).await
}

/// The step that brings row security to what the files declare; none where it is that already.
async fn row_security(
    connection: &mut Connection,
    inputs: &Inputs<'_>,
    history: &History,
    before: &[Step],
) -> Result<Option<RowSecurityStep>, ProposeError> {
    let policies = inputs.policies;
    if !before.is_empty() {
        // What there is to do is known once the migrations are applied.
        let pending: Vec<Version> = before
            .iter()
            .filter_map(|it| match it {
                Step::Migration(it) => Some(Version(it.version)),
                Step::RowSecurity(_) | Step::Repair(_) | Step::Restore(_) => None,
            })
            .collect();
        let (declared, read_on) =
            declared(connection, inputs, history, &pending).await.map_err(|it| ProposeError::Declared(Box::new(it)))?;
        return Ok(Some(RowSecurityStep { read_on, ..policies.to_step(declared, inputs.orphans, None) }));
    }
    let looks = inputs.orphans == Orphans::Drop;
    if !looks && is_current(connection, policies).await.map_err(ProposeError::Database)? {
        return Ok(None);
    }
    let access = access(connection, inputs).await.map_err(|it| ProposeError::Declared(Box::new(it)))?;
    // Where nobody has to approve it, it is noted that there is nothing to do.
    if access.plan.statements.is_empty() && (inputs.environment.protected || looks) {
        return Ok(None);
    }
    let foreseen = access.foreseen();
    let step = policies.to_step(access.declared, inputs.orphans, Some(foreseen));
    Ok(Some(RowSecurityStep { read_on: access.read_on, ..step }))
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
    finish(connection, inputs.environment, &history, steps).await
}

async fn finish(
    connection: &mut Connection,
    environment: &Environment,
    history: &History,
    steps: Vec<Step>,
) -> Result<Plan, ProposeError> {
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
