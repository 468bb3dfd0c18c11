//! The schema that holds something of every kind.

use palisade_catalog::Catalog;
use palisade_db::{Connection, introspect};
use palisade_embedded::{EmbeddedSettings, Scratch, ScratchDatabase};
use palisade_tests::{connection, query};

/// A scratch server of a version, or of the newest installed one.
pub(super) async fn scratch(major: Option<u32>) -> Scratch {
    let settings = palisade_tests::settings();
    let settings = match major {
        Some(major) => EmbeddedSettings { pg_bin: None, pg_archive: Some(palisade_tests::archive(major)), ..settings },
        None => settings,
    };
    Scratch::open(&settings).await.unwrap()
}

/// Builds the schema, the statements of each part forwards or backwards.
pub(super) async fn build(database: &ScratchDatabase, forwards: bool) -> Connection {
    let mut connection = connection(database).await;
    for part in include_str!("schema.sql").split("\n-- then\n") {
        let mut statements = palisade_sql::split(part).unwrap();
        if !forwards {
            statements.reverse();
        }
        for statement in statements {
            query(&mut connection, statement.text).await;
        }
    }
    connection
}

pub(super) async fn everything(connection: &mut Connection) -> Catalog {
    introspect::everything(connection).await.unwrap()
}
