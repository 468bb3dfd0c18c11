//! Databases of tests.

use palisade_config::{GrantRegime, Variables};
use palisade_db::{Connection, PgRow, Row as _, batch};
use palisade_embedded::{EmbeddedSettings, Layer, Scratch, ScratchDatabase};

/// The settings by which tests find Postgres: those of a project in `/` under the environment of this process.
pub fn settings() -> EmbeddedSettings {
    EmbeddedSettings::new("/".into(), &Variables::process())
}

/// The scratch server.
///
/// # Panics
///
/// If there is none and it cannot be started.
pub async fn scratch() -> Scratch {
    match Scratch::open(&settings()).await {
        Ok(scratch) => scratch,
        Err(error) => panic!("no scratch server: {}\n{}", chain(&error), error.help()),
    }
}

/// An empty database.
///
/// # Panics
///
/// If it cannot be made.
pub async fn database() -> ScratchDatabase {
    database_with(&[]).await
}

/// A database that looks like a new Supabase project: nothing in `public` is granted by itself.
///
/// # Panics
///
/// If it cannot be made.
pub async fn supabase_database() -> ScratchDatabase {
    database_with(&[Layer::supabase(GrantRegime::After)]).await
}

/// A database with what `layers` make. Equal layers are run once, for all tests together.
///
/// # Panics
///
/// If it cannot be made.
pub async fn database_with(layers: &[Layer]) -> ScratchDatabase {
    match scratch().await.database(layers).await {
        Ok(database) => database,
        Err(error) => panic!("no scratch database: {}\n{}", chain(&error), error.help()),
    }
}

/// A connection to a database.
///
/// # Panics
///
/// If it cannot be opened.
pub async fn connection(database: &ScratchDatabase) -> Connection {
    match database.connect().await {
        Ok(connection) => connection,
        Err(error) => panic!("{}", chain(&error)),
    }
}

/// Runs SQL and returns the first column of every row, as text; a null is empty.
///
/// # Panics
///
/// If the server refuses.
pub async fn query(connection: &mut Connection, sql: &str) -> Vec<String> {
    let done = match batch(connection, sql).await {
        Ok(done) => done,
        Err(error) => panic!("{error}\n{sql}"),
    };
    // Everything is text in the simple protocol.
    let text = |row: &PgRow| row.try_get_unchecked::<Option<String>, _>(0).expect("a column").unwrap_or_default();
    done.rows.iter().map(text).collect()
}

/// An error with all its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |it| it.source()).map(|it| format!("\ncaused by: {it}"));
    std::iter::once(error.to_string()).chain(causes).collect()
}
