//! Functions, procedures, aggregates.

use palisade_catalog::ObjectKey;
use palisade_catalog::definition::{Aggregate, Routine};

use crate::script::{Action, Statement};

/// `CREATE OR REPLACE`, which lets all who use it go on.
pub(super) fn replace(key: &ObjectKey, from: &Routine, to: &Routine, out: &mut Vec<Statement>) {
    if from != to {
        out.push(Statement::new(key, Action::Alter, to.definition.trim_end()));
    }
}

pub(super) fn replace_aggregate(key: &ObjectKey, from: &Aggregate, to: &Aggregate, out: &mut Vec<Statement>) {
    if from != to {
        out.push(Statement::new(key, Action::Alter, create_aggregate(key, to, true)));
    }
}

pub(super) fn create_aggregate(key: &ObjectKey, it: &Aggregate, replace: bool) -> String {
    let Aggregate { arguments, result: _, options } = it;
    let replace = if replace { " OR REPLACE" } else { "" };
    format!("CREATE{replace} AGGREGATE {}({arguments}) ({options})", key.qualified())
}
