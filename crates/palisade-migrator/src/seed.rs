//! Sample rows.

use std::fs;

use camino::Utf8Path;
use palisade_db::{DbError, Session, SqlFailure, SqlText, batch};
use palisade_plan::UnprotectedTarget;
use palisade_sql::split;

use crate::check::{CheckError, check};
use crate::journal::AS_OURSELVES;
use crate::migration::MigrationFile;
use crate::source::{SourceError, shown, sql_files};

/// Why sample rows were not loaded.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// A file that cannot be run.
    #[error("{0}")]
    Check(CheckError),
    /// A file failed and was rolled back; those before it stay.
    #[error("{failure}\n`{}` was rolled back", failure.file)]
    Failed {
        /// What the server said.
        failure: Box<SqlFailure>,
    },
}

impl SeedError {
    /// What to do next.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Check(error) => Some(error.help()),
            Self::Failed { failure } => failure.help(),
        }
    }
}

/// Reads the `.sql` files of a directory in order of name; none if there is no directory.
///
/// # Errors
///
/// [`SourceError`] for a file that cannot be read.
pub fn read_seeds(root: &Utf8Path, directory: &Utf8Path) -> Result<Vec<MigrationFile>, SourceError> {
    if !directory.exists() {
        return Ok(Vec::new());
    }
    let read = |path: camino::Utf8PathBuf| match fs::read_to_string(&path) {
        Ok(sql) => Ok(MigrationFile { file: shown(root, &path), sql }),
        Err(source) => Err(SourceError::File { path, source }),
    };
    sql_files(directory)?.into_iter().map(read).collect()
}

/// Loads the files, each in one transaction. Returns how many rows they wrote; zero means that all were there already.
///
/// Only a target that nothing protects can be seeded; the type says so.
///
/// # Errors
///
/// [`SeedError`] of the first file that fails.
pub async fn seed(
    session: &mut Session,
    _target: &UnprotectedTarget,
    files: &[MigrationFile],
) -> Result<u64, SeedError> {
    let has_statements = |it: &&MigrationFile| split(&it.sql).map_or(true, |it| !it.is_empty());
    let files: Vec<&MigrationFile> = files.iter().filter(has_statements).collect();
    for file in &files {
        check(file).map_err(SeedError::Check)?;
    }
    let mut rows = 0;
    for file in files {
        let prefix = format!("{}begin;\n", session.connection().reset_sql());
        let sql = format!("{prefix}{}\n;\ncommit;\n{AS_OURSELVES}", file.sql);
        match batch(session.connection(), &sql).await {
            Ok(done) => rows += done.rows_written,
            Err(error) => return Err(failed(session, file, &prefix, error).await),
        }
    }
    Ok(rows)
}

async fn failed(
    session: &mut Session,
    file: &MigrationFile,
    prefix: &str,
    failed: palisade_db::BatchError,
) -> SeedError {
    let palisade_db::BatchError { commands, error } = failed;
    if !matches!(error, DbError::Lost { .. }) {
        let _ = batch(session.connection(), "rollback").await;
    }
    let before = split(prefix).map_or(0, |it| it.len());
    let statements = split(&file.sql).unwrap_or_default();
    let start = commands.checked_sub(before).and_then(|it| statements.get(it)).map(|it| it.start);
    let source = SqlText { file: &file.file, text: &file.sql };
    SeedError::Failed { failure: Box::new(SqlFailure::new(source, error, prefix.chars().count(), start)) }
}
