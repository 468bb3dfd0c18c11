//! A text of the server's that, run again, comes out the same: only such a one can be compared for ever.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use palisade_catalog::{Catalog, Definition, ObjectKey, ObjectKind};
use palisade_db::{Connection, batch, introspect};
use palisade_diff::{DiffError, Options, diff};
use palisade_plan::Decided;

use super::error::DeclareError;

/// How often the server is asked; its texts settle with the second at the latest, as far as anybody knows.
const TIMES: usize = 3;

/// Makes what the files made anew from what the server wrote of it, until it writes the same again.
pub(super) async fn settle(
    connection: &mut Connection,
    catalog: &mut Catalog,
    decided: &BTreeSet<Decided>,
) -> Result<(), DeclareError> {
    for _ in 0..TIMES {
        let sql = again(catalog, decided)?;
        if sql.is_empty() {
            return Ok(());
        }
        batch(connection, &sql).await.map_err(|it| it.error)?;
        let found = introspect::everything_within(connection).await?;
        let definition = |catalog: &Catalog, key: &ObjectKey| catalog.get(key).map(|it| it.definition.clone());
        let settled = decided.iter().all(|it| definition(&found, &it.object) == definition(catalog, &it.object));
        *catalog = found;
        if settled {
            return Ok(());
        }
    }
    Ok(())
}

/// The statements that make policies and functions once more.
fn again(catalog: &Catalog, decided: &BTreeSet<Decided>) -> Result<String, DiffError> {
    let policies: BTreeSet<&ObjectKey> =
        decided.iter().map(|it| &it.object).filter(|it| it.kind == ObjectKind::Policy).collect();
    let mut sql = String::new();
    for key in policies.iter().filter(|it| catalog.get(it).is_some()) {
        // Writing to a string cannot fail.
        let _ = writeln!(sql, "drop policy {} on {};", key.sql(), key.qualified());
    }
    let bare = catalog.clone().only(|key, _| !policies.contains(key));
    for statement in diff(&bare, catalog, &Options::ALL)?.statements {
        sql.push_str(&statement.sql);
        sql.push_str(";\n");
    }
    for Decided { object, side: _ } in decided {
        if let Some(Definition::Routine(routine)) = catalog.get(object).map(|it| &it.definition) {
            sql.push_str(routine.definition.trim_end());
            sql.push_str(";\n");
        }
    }
    Ok(sql)
}
