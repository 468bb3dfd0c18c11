//! Whether a migration does what it is to do: tried on a copy of what the migrations before it make, with rows in it.

mod dumps;
mod error;
mod rows;
mod state;
mod survival;

use palisade_catalog::{Catalog, Difference, difference};
use palisade_db::{Connection, SqlFailure, introspect};
use palisade_diff::{Options, Script, diff};
use palisade_embedded::{EmbeddedError, Layer, ScratchError};
use palisade_plan::Hazard;

use crate::workbench::{Blueprint, MakeError, Temporary, Workbench};
use crate::workflow::{Declares, Managed};
pub use error::ProofError;

/// A migration, and what it is to do.
#[derive(Debug, Clone, Copy)]
pub struct Proof<'a> {
    /// Where it is tried.
    pub workbench: &'a Workbench,
    /// The migrations before it.
    pub before: &'a [Layer],
    /// Its text.
    pub migration: &'a Layer,
    /// The files of `rls/`, which have run behind `before` wherever the migration is to run.
    pub row_security: &'a [Layer],
    /// The text that takes it back, with the catalog that it is to lead back to.
    pub back: Option<(&'a Layer, &'a Catalog)>,
    /// The statements that it was made of, with what they say can hurt; none if somebody wrote it by hand.
    pub script: Option<&'a Script>,
    /// What must be there afterwards.
    pub wanted: &'a Catalog,
    /// What that was made from, if it was made.
    pub blueprint: Option<&'a Blueprint>,
    /// What is compared.
    pub managed: Managed<'a>,
    /// What of row security is compared.
    pub declares: Declares,
}

/// What was seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proven {
    /// How many tables there were before it.
    pub tables: usize,
    /// How many of them had rows.
    pub with_rows: usize,
    /// What could not be tried, and what a migration that was written by hand does to rows. Sentences.
    pub notes: Vec<String>,
}

/// Applies the migration to a copy with rows in it and looks at the result twice: the catalog must be the wanted one, with
/// nothing left to do, and `pg_dump` must write the same of both. Rows of tables that stay must still be there, and no table
/// may be written anew unless the migration says so.
///
/// # Errors
///
/// [`ProofError`], with what is not as it should be.
pub async fn prove(proof: &Proof<'_>) -> Result<Proven, ProofError> {
    let proven = try_out(proof).await;
    proof.workbench.sweep().await;
    proven
}

async fn try_out(proof: &Proof<'_>) -> Result<Proven, ProofError> {
    let wanted = async {
        match proof.blueprint {
            Some(blueprint) => Ok(Some(proof.workbench.made(blueprint).await?.0)),
            None => Ok::<_, MakeError>(None),
        }
    };
    let (tried, wanted) = tokio::join!(applied(proof), wanted);
    let (mut tried, wanted) = (tried?, wanted?);
    let found = introspect::everything(&mut tried.connection).await.map_err(ProofError::Read)?;
    let compared = settled(proof, &found, proof.wanted)?;
    if let Some(script) = compared {
        return Err(ProofError::NotSettled { script: Box::new(script) });
    }
    let nothing_left = proof.script.is_none_or(|it| it.left.is_empty());
    if let Some(wanted) = wanted.filter(|_| nothing_left) {
        let differences = dumps::difference(proof, &found, &tried.database, &wanted).await?;
        wanted.close().await?;
        if !differences.is_empty() {
            return Err(ProofError::DumpDiffers { differences });
        }
    }
    if let Some((layer, before)) = proof.back {
        run(layer, &mut tried.connection).await.map_err(|failure| ProofError::Back { failure })?;
        let found = introspect::everything(&mut tried.connection).await.map_err(ProofError::Read)?;
        let differences = compare(proof, &found, before);
        if !differences.is_empty() {
            return Err(ProofError::BackDiffers { differences });
        }
    }
    tried.connection.close().await;
    tried.database.close().await?;
    with_row_security(proof).await?;
    Ok(tried.proven)
}

/// Runs the migration where policies are in place already: Postgres does not change a column that one of them compares.
async fn with_row_security(proof: &Proof<'_>) -> Result<(), ProofError> {
    if proof.row_security.is_empty() {
        return Ok(());
    }
    let layers: Vec<Layer> = proof.before.iter().chain(proof.row_security).cloned().collect();
    // Policies of today may speak of columns that the migration is to make: then they have not run anywhere yet.
    let Ok(database) = proof.workbench.database(&layers).await else { return Ok(()) };
    let mut connection = database.connect().await?;
    run(proof.migration, &mut connection).await.map_err(|failure| ProofError::InTheWay { failure })?;
    connection.close().await;
    Ok(database.close().await?)
}

/// A copy on which the migration has run.
struct Tried {
    database: Temporary,
    connection: Connection,
    proven: Proven,
}

/// Runs the migration on a copy with rows; if the rows that we thought of are what it stumbles over, as it says it may, on one
/// without.
async fn applied(proof: &Proof<'_>) -> Result<Tried, ProofError> {
    match on_copy(proof, true).await {
        Err(ProofError::Apply { failure }) if is_about_rows(&failure) && may_fail(proof.script) => {
            let mut tried = on_copy(proof, false).await?;
            let reason = &failure.error;
            tried
                .proven
                .notes
                .push(format!("with rows that were made up it fails, so it was tried without any: {reason}"));
            Ok(tried)
        }
        other => other,
    }
}

async fn on_copy(proof: &Proof<'_>, with_rows: bool) -> Result<Tried, ProofError> {
    let database = proof.workbench.database(proof.before).await?;
    let mut connection = database.connect().await?;
    if with_rows {
        rows::make(&mut connection).await.map_err(ProofError::Read)?;
    }
    let before = state::read(&mut connection).await.map_err(ProofError::Read)?;
    run(proof.migration, &mut connection).await.map_err(|failure| ProofError::Apply { failure })?;
    let after = state::read(&mut connection).await.map_err(ProofError::Read)?;
    let mut proven = Proven {
        tables: before.len(),
        with_rows: before.values().filter(|it| !it.rows.is_empty()).count(),
        notes: Vec::new(),
    };
    let found = survival::compare(&before, &after, proof.script);
    match proof.script {
        Some(_) => {
            if let Some(first) = found.into_iter().next() {
                return Err(ProofError::Undeclared { what: first });
            }
        }
        // Whoever writes by hand may do all that; it is only told.
        None => proven.notes.extend(found),
    }
    Ok(Tried { database, connection, proven })
}

/// An error of the server, placed in the migration.
async fn run(layer: &Layer, connection: &mut Connection) -> Result<(), Box<SqlFailure>> {
    match layer.run(connection).await {
        Ok(()) => Ok(()),
        Err(ScratchError::Layer { source, .. }) => Err(source),
        Err(other) => {
            let reason = MakeError::embedded(EmbeddedError::Scratch(other)).to_string();
            let error = palisade_db::DbError::Unexpected { reason };
            Err(Box::new(SqlFailure { file: layer.name.clone(), excerpt: None, error }))
        }
    }
}

/// Values that do not fit, and constraints that do not hold.
fn is_about_rows(failure: &SqlFailure) -> bool {
    failure.error.sqlstate().is_some_and(|it| ["22", "23"].contains(&it.class()))
}

fn may_fail(script: Option<&Script>) -> bool {
    script.is_none_or(|it| {
        it.statements.iter().any(|it| it.dangers.iter().any(|danger| danger.hazard == Hazard::MayFail))
    })
}

fn compare(proof: &Proof<'_>, found: &Catalog, wanted: &Catalog) -> Vec<Difference> {
    let (found, wanted) = proof.managed.of_both(found.clone(), wanted.clone(), proof.declares);
    difference(&found, &wanted, proof.declares.compared())
}

/// The statements that are still missing, although nothing differs any more.
fn settled(proof: &Proof<'_>, found: &Catalog, wanted: &Catalog) -> Result<Option<Script>, ProofError> {
    let mut differences = compare(proof, found, wanted);
    // What no statement can do was said, and is somebody's to do by hand.
    let left = proof.script.map(|it| it.left.as_slice()).unwrap_or_default();
    differences.retain(|it| !left.iter().any(|left| left.starts_with(&it.object().to_string())));
    if !differences.is_empty() {
        return Err(ProofError::Differs { differences });
    }
    let (found, wanted) = proof.managed.of_both(found.clone(), wanted.clone(), proof.declares);
    let options = Options { compared: proof.declares.compared(), ..Options::ALL };
    let script = diff(&found, &wanted, &options).map_err(ProofError::Diff)?;
    Ok((!script.is_empty() && left.is_empty()).then_some(script))
}
