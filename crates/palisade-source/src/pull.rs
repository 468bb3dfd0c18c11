//! A database as files of SQL, one for each group of objects.

mod path;
mod place;

use std::collections::BTreeMap;

use palisade_catalog::{Catalog, ObjectKind};
use palisade_diff::{Danger, Lock, Script, Statement};

use crate::directory::SqlFile;
use path::path;
pub use place::{Placed, PullError, place};

/// The statements that make `catalog` of an empty database, as files: a table with its indexes, constraints, policies and
/// triggers in one. Loading them in whatever order makes the same catalog.
pub fn pull(script: &Script, catalog: &Catalog) -> Vec<SqlFile> {
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    for Statement { sql, object, action: _, dangers, locks, transaction: _ } in &script.statements {
        // A setting, which whoever loads files makes himself.
        if object.kind == ObjectKind::Unmodelled {
            continue;
        }
        let text = files.entry(path(object, catalog)).or_default();
        if !text.is_empty() {
            text.push('\n');
        }
        // In a new database nothing can be hurt.
        let _: (&[Danger], &[Lock]) = (dangers, locks);
        text.push_str(sql.trim_end());
        text.push_str(";\n");
    }
    files.into_iter().map(|(file, sql)| SqlFile { file, sql: place::marked(&sql) }).collect()
}
