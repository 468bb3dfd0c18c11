//! Foreign data wrappers, servers, user mappings.

use palisade_catalog::ObjectKey;
use palisade_catalog::definition::Options;

use super::options;
use crate::script::{Action, Statement};

pub(super) fn create(key: &ObjectKey, it: &Options) -> Statement {
    Statement::new(key, Action::Create, format!("{}{}", it.create, options::foreign(&it.options)))
}

pub(super) fn alter(key: &ObjectKey, from: &Options, to: &Options, out: &mut Vec<Statement>) {
    if let Some(changes) = options::foreign_changes(&from.options, &to.options) {
        out.push(Statement::new(key, Action::Alter, format!("ALTER {} {}{changes}", key.kind.sql(), key.sql())));
    }
}
