//! What the tests have in common.

use palisade_catalog::Catalog;
use palisade_source::{Base, MakeError, SqlFile, Workbench};
use palisade_tests::settings;

/// A workbench whose cache nobody else has, on the scratch server that all tests share.
pub(crate) fn workbench(base: Base) -> Workbench {
    Workbench::new(settings(), base)
}

pub(crate) fn files(texts: &[(&str, &str)]) -> Vec<SqlFile> {
    texts.iter().map(|(file, sql)| SqlFile { file: (*file).to_owned(), sql: (*sql).to_owned() }).collect()
}

/// Loads the files as a new database of plain Postgres.
pub(crate) async fn load(texts: &[(&str, &str)]) -> Result<Catalog, MakeError> {
    workbench(Base::Plain).loaded(&files(texts)).await
}

/// What is wrong, and what to do about it.
pub(crate) async fn refused(texts: &[(&str, &str)]) -> String {
    let error = load(texts).await.expect_err("files that cannot be loaded");
    format!("{error}\nhelp: {}", error.help().unwrap_or_default())
}

pub(crate) fn names(catalog: &Catalog) -> Vec<String> {
    catalog.objects.keys().map(ToString::to_string).collect()
}
