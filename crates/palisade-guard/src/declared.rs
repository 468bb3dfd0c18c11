//! What the policy files declare for a target, and what that makes of it.

use std::collections::BTreeSet;

use palisade_catalog::{Catalog, ObjectKind};
use palisade_db::{Connection, DbError, introspect};
use palisade_embedded::Layer;
use palisade_migrator::{History, Version, load};
use palisade_plan::{Declared, Foreseen, ReadOn};
use palisade_rls::{
    AccessPlan, AccessPlanError, DeclareError, PolicyScript, declare, declare_on_target, declare_recipe, plan,
    read_access,
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
    /// There is no throwaway database, and the target does not have yet what the files are for.
    #[error("{source}; on the target itself they cannot be read before its migrations are applied")]
    Pending {
        /// Why there is none.
        source: Box<DeclaredError>,
    },
    /// There is no throwaway database, and the files cannot be read on the target itself.
    #[error("{error}")]
    OnTarget {
        /// Why not.
        error: DeclareError,
        /// Why there is none.
        source: Box<DeclaredError>,
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
            Self::Pending { source } => Some(format!(
                "{}\nor, if the environment is not protected, apply the migrations with `cargo xtask db-migrate`, and then row security \
                 with `cargo xtask db-rls`",
                source.help().unwrap_or_default()
            )),
            Self::OnTarget { error, source } => Some(format!(
                "{}\nthe files were read on the target itself, where not everything can be told, because {source}\n{}",
                error.help(),
                source.help().unwrap_or_default()
            )),
            Self::Declare(error) => Some(error.help()),
            Self::Plan(error) => Some(error.help()),
            Self::Target(error) => error.help(),
        }
    }
}

impl DeclaredError {
    /// Why there is no server for a throwaway database; none if it is for another reason that nothing is known.
    fn lack_of_server(&self) -> Option<&MakeError> {
        let error = match self {
            Self::Scratch { source } => source,
            Self::Copy { source } => match &**source {
                CopyError::Make(error) => error,
                CopyError::Diff(_) | CopyError::Differs { .. } | CopyError::Rename(_) => return None,
            },
            Self::Pending { .. } | Self::OnTarget { .. } | Self::Declare(_) | Self::Plan(_) | Self::Target(_) => {
                return None;
            }
        };
        Some(error).filter(|it| it.lacks_server())
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
    /// Where that was read.
    pub read_on: ReadOn,
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
    let (declared, read_on) = declared(connection, inputs, &history, &[]).await?;
    let seen = read_access(connection).await.map_err(DeclaredError::Target)?;
    let plan = plan(&seen.catalog, &declared, inputs.orphans).map_err(DeclaredError::Plan)?;
    Ok(Access { declared, read_on, state: seen.state, plan })
}

/// What the policy files declare behind the migrations that are applied and those in `pending`, and where that was read: on the target
/// itself if no throwaway server can be had.
pub(crate) async fn declared(
    connection: &mut Connection,
    inputs: &Inputs<'_>,
    history: &History,
    pending: &[Version],
) -> Result<(Declared, ReadOn), DeclaredError> {
    let error = match on_throwaway(connection, inputs, history, pending).await {
        Ok(declared) => return Ok((declared, ReadOn::Throwaway)),
        Err(error) => error,
    };
    let Some(because) = error.lack_of_server().map(ToString::to_string) else { return Err(error) };
    let source = Box::new(error);
    if !pending.is_empty() {
        return Err(DeclaredError::Pending { source });
    }
    match declare_on_target(connection, inputs.policies).await {
        Ok(declared) => Ok((declared, ReadOn::Target { because })),
        Err(error) => Err(DeclaredError::OnTarget { error, source }),
    }
}

/// The throwaway server has the target's major version where that can be had. It is not even started where the same files were
/// read before. A target without migrations is copied; so is one whose migrations do not make what the files speak of.
async fn on_throwaway(
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
