//! A catalog from anywhere, built again on the scratch server, so that the server can show what a rename makes of it.

use palisade_catalog::{Catalog, Compared, Difference, difference};
use palisade_db::{SqlFailure, SqlText, batch, introspect};
use palisade_diff::{DiffError, Options, diff};

use crate::comparable::{Part, comparable, owned, usual_owner};
use crate::pull::pull;
use crate::rename::Renaming;
use crate::workbench::{MakeError, Temporary, Workbench};

/// Why there is no copy.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// It cannot be made.
    #[error("a copy is made on a scratch database, and that cannot be: {0}")]
    Make(#[from] MakeError),
    /// There are no statements that make it.
    #[error("a copy is made on a scratch database, and that cannot be: {0}")]
    Diff(DiffError),
    /// It is not the same.
    #[error(
        "a copy is made on a scratch database, and that is not the same:\n{}",
        differences.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    )]
    Differs {
        /// From the copy to what was copied.
        differences: Vec<Difference>,
    },
    /// A rename fails.
    #[error("{0}")]
    Rename(Box<SqlFailure>),
}

impl CopyError {
    /// What to do next.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Make(error) => error.help(),
            Self::Rename(failure) => failure.help(),
            Self::Diff(_) | Self::Differs { .. } => {
                Some("leave `--rename` out, and write the rename by hand above what is printed".to_owned())
            }
        }
    }
}

/// What `catalog` is once everything is renamed. It was made comparable before, for the same `part`.
///
/// # Errors
///
/// [`CopyError`].
pub async fn renamed_copy(
    workbench: &Workbench,
    catalog: &Catalog,
    part: Part<'_>,
    renamings: &[Renaming],
) -> Result<Catalog, CopyError> {
    let renamed = on_copy(workbench, catalog, part, renamings).await;
    workbench.sweep().await;
    renamed
}

/// A database of the workbench with everything that users have made in `catalog`. Its roles and its data are not copied.
///
/// # Errors
///
/// [`CopyError`].
pub async fn copy(workbench: &Workbench, catalog: &Catalog, part: Part<'_>) -> Result<Temporary, CopyError> {
    let empty = workbench.empty().await?;
    let maker = empty.server.user.clone();
    let usual = usual_owner(catalog).unwrap_or_else(|| catalog.server.user.clone());
    let wanted = owned(catalog.clone(), &usual, &maker);
    let (empty, wanted) = match comparable(empty.clone(), wanted.clone(), part) {
        Ok(both) => both,
        Err(_) => (empty, wanted),
    };
    let script = diff(&empty, &wanted, &Options::ALL).map_err(CopyError::Diff)?;
    let (database, made) = workbench.loaded_database(&pull(&script, &wanted)).await?;
    let differences = difference(&narrowed(made, &wanted, part), &wanted, Compared::ALL);
    if !differences.is_empty() && script.left.is_empty() {
        return Err(CopyError::Differs { differences });
    }
    Ok(database)
}

/// What of `catalog` is compared with `wanted`. Schemas that only the copy lacks are no mistake here.
fn narrowed(catalog: Catalog, wanted: &Catalog, part: Part<'_>) -> Catalog {
    comparable(catalog.clone(), wanted.clone(), part).map_or(catalog, |(left, _)| left)
}

async fn on_copy(
    workbench: &Workbench,
    catalog: &Catalog,
    part: Part<'_>,
    renamings: &[Renaming],
) -> Result<Catalog, CopyError> {
    let empty = workbench.empty().await?;
    let maker = empty.server.user.clone();
    let usual = usual_owner(catalog).unwrap_or_else(|| catalog.server.user.clone());
    let database = copy(workbench, catalog, part).await?;
    let mut connection = database.connect().await?;
    for Renaming { forth, back: _ } in renamings {
        let text = SqlText { file: "--rename", text: &forth.sql };
        batch(&mut connection, &forth.sql)
            .await
            .map_err(|it| CopyError::Rename(Box::new(SqlFailure::new(text, it.error, 0, Some(0)))))?;
    }
    let renamed = introspect::everything(&mut connection).await.map_err(|it| CopyError::Make(MakeError::Read(it)))?;
    connection.close().await;
    database.close().await?;
    let wanted = owned(catalog.clone(), &usual, &maker);
    let mut renamed = owned(narrowed(renamed, &wanted, part), &maker, &usual);
    renamed.server = catalog.server.clone();
    Ok(renamed)
}
