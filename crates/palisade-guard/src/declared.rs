//! What the policy files declare for a target, and what that makes of it.

use std::collections::BTreeSet;

use palisade_catalog::{Catalog, ObjectKind};
use palisade_db::{Connection, DbError, introspect};
use palisade_embedded::Layer;
use palisade_migrator::{History, Version, load};
use palisade_plan::{Declared, Foreseen};
use palisade_rls::{
    AccessPlan, AccessPlanError, DeclareError, PolicyScript, declare, declare_recipe, plan, read_access,
};
use palisade_source::{Base, CopyError, MakeError, Part, Temporary, Workbench, copy};

use crate::inputs::Inputs;

/// Why it is not known what the policy files make of a target.
#[derive(Debug, thiserror::Error)]
pub enum DeclaredError {
    /// There is no throwaway database with the applied migrations.
    #[error("the policy files are read on a throwaway database, and there is none: {source}")]
    Scratch {
        /// Why not.
        source: Box<MakeError>,
    },
    /// The target has no migrations, and its schema cannot be copied.
    #[error("the policy files are read on a copy of the schema, and there is none: {source}")]
    Copy {
        /// Why not.
        source: Box<CopyError>,
    },
    /// A file fails there.
    #[error("{0}")]
    Declare(DeclareError),
    /// What is declared cannot be made of what is there.
    #[error("{0}")]
    Plan(AccessPlanError),
    /// The target could not be asked.
    #[error("{0}")]
    Target(DbError),
}

impl DeclaredError {
    /// What to do next.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Scratch { source } => source.help(),
            Self::Copy { source } => source.help(),
            Self::Declare(error) => Some(error.help()),
            Self::Plan(error) => Some(error.help()),
            Self::Target(error) => error.help(),
        }
    }
}

impl From<MakeError> for DeclaredError {
    fn from(source: MakeError) -> Self {
        Self::Scratch { source: Box::new(source) }
    }
}

/// What the policy files make of the target as it is.
#[derive(Debug)]
pub struct Access {
    /// What they declare.
    pub declared: Declared,
    /// The state of the target that this was compared with.
    pub state: String,
    /// What there is to do.
    pub plan: AccessPlan,
}

impl Access {
    /// As a plan holds it.
    pub fn foreseen(&self) -> Foreseen {
        Foreseen { state: self.state.clone(), statements: self.plan.statements.clone() }
    }
}

/// Compares what the policy files declare with the target. Reads only, and takes no locks but those of reading.
///
/// # Errors
///
/// [`DeclaredError`]; never an empty plan instead.
pub async fn access(connection: &mut Connection, inputs: &Inputs<'_>) -> Result<Access, DeclaredError> {
    let history = load(connection, inputs.tables).await.map_err(DeclaredError::Target)?;
    let declared = declared(connection, inputs, &history, &[]).await?;
    let seen = read_access(connection).await.map_err(DeclaredError::Target)?;
    let plan = plan(&seen.catalog, &declared, inputs.orphans).map_err(DeclaredError::Plan)?;
    Ok(Access { declared, state: seen.state, plan })
}

/// What the policy files declare behind the migrations that are applied and those in `pending`.
///
/// The throwaway server has the target's major version where that can be had. It is not even started where the same files were
/// read before. A target without migrations is copied; so is one whose migrations do not make what the files speak of.
pub(crate) async fn declared(
    connection: &mut Connection,
    inputs: &Inputs<'_>,
    history: &History,
    pending: &[Version],
) -> Result<Declared, DeclaredError> {
    let grants = inputs.environment.supabase.grants;
    let major = connection.server_version().major();
    let workbench = Workbench::new(inputs.embedded.clone(), Base::Supabase(grants)).like(major);
    let mut versions: BTreeSet<Version> = history.applied.iter().map(|it| it.version).collect();
    versions.extend(pending);
    let layers: Vec<Layer> = inputs
        .migrations
        .iter()
        .filter(|it| versions.contains(&it.version))
        .map(|it| Layer { name: it.up.file.clone(), sql: it.up.sql.clone(), transactional: it.up.is_transactional() })
        .collect();
    let failed = if versions.is_empty() {
        None
    } else {
        match on_layers(&workbench, &layers, inputs.policies).await {
            // They may speak of what somebody made by hand.
            Err(error @ DeclaredError::Declare(DeclareError::Statement { .. })) if pending.is_empty() => Some(error),
            other => return other,
        }
    };
    let found = introspect::everything(connection).await.map_err(DeclaredError::Target)?;
    if failed.is_none() && !has_tables(&found) {
        return on_layers(&workbench, &layers, inputs.policies).await;
    }
    match (on_copy(&workbench, &found, inputs).await, failed) {
        (Ok(declared), _) => Ok(declared),
        // What was found first says more about the files than the copy does.
        (Err(_), Some(error)) | (Err(error), None) => Err(error),
    }
}

fn has_tables(catalog: &Catalog) -> bool {
    catalog.objects.keys().any(|it| it.kind == ObjectKind::Table && it.part(0) == "public")
}

async fn on_layers(
    workbench: &Workbench,
    layers: &[Layer],
    policies: &PolicyScript,
) -> Result<Declared, DeclaredError> {
    let recipe = format!("{} {}", policies.digest(), declare_recipe());
    if let Some(text) = workbench.kept_text(layers, &recipe).await?
        && let Ok(declared) = serde_json::from_str(&text)
    {
        return Ok(declared);
    }
    let declared = on(workbench.database(layers).await?, policies).await?;
    // Sets, texts and flags always have a form.
    let text = serde_json::to_string(&declared).unwrap_or_default();
    workbench.keep_text(layers, &recipe, &text).await?;
    Ok(declared)
}

async fn on_copy(workbench: &Workbench, found: &Catalog, inputs: &Inputs<'_>) -> Result<Declared, DeclaredError> {
    let part = Part { schemas: None, history: Some(&inputs.environment.history_table) };
    let database =
        copy(workbench, found, part).await.map_err(|source| DeclaredError::Copy { source: Box::new(source) })?;
    on(database, inputs.policies).await
}

async fn on(database: Temporary, policies: &PolicyScript) -> Result<Declared, DeclaredError> {
    let mut connection = database.connect().await?;
    let declared = declare(&mut connection, policies).await.map_err(DeclaredError::Declare);
    connection.close().await;
    database.close().await?;
    declared
}
