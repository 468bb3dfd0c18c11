//! A catalog from anywhere, built again on the scratch server, so that the server can show what a rename makes of it.

use palisade_catalog::{Catalog, Compared, Difference, difference};
use palisade_db::{SqlFailure, SqlText, batch, introspect};
use palisade_diff::{DiffError, Options, diff};

use crate::comparable::{Part, comparable, owned, usual_owner};
use crate::pull::pull;
use crate::rename::Renaming;
use crate::workbench::{MakeError, Workbench};

/// Why there is no copy.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// It cannot be made.
    #[error("to rename, a copy is made on a scratch database, and that cannot be: {0}")]
    Make(#[from] MakeError),
    /// There are no statements that make it.
    #[error("to rename, a copy is made on a scratch database, and that cannot be: {0}")]
    Diff(DiffError),
    /// It is not the same.
    #[error(
        "to rename, a copy is made on a scratch database, and that is not the same:\n{}",
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

async fn on_copy(
    workbench: &Workbench,
    catalog: &Catalog,
    part: Part<'_>,
    renamings: &[Renaming],
) -> Result<Catalog, CopyError> {
    let empty = workbench.empty().await?;
    let maker = empty.server.user.clone();
    let usual = usual_owner(catalog).unwrap_or_else(|| catalog.server.user.clone());
    let wanted = owned(catalog.clone(), &usual, &maker);
    // Schemas that only the copy lacks are no mistake here.
    let narrow = |it: Catalog| comparable(it.clone(), wanted.clone(), part).map_or(it, |(left, _)| left);
    let script = diff(&narrow(empty), &wanted, &Options::ALL).map_err(CopyError::Diff)?;
    let (database, made) = workbench.loaded_database(&pull(&script, &wanted)).await?;
    let differences = difference(&narrow(made), &wanted, Compared::ALL);
    if !differences.is_empty() && script.left.is_empty() {
        return Err(CopyError::Differs { differences });
    }
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
    let mut renamed = owned(narrow(renamed), &maker, &usual);
    renamed.server = catalog.server.clone();
    Ok(renamed)
}
