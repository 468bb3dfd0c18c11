//! From what is to what is declared: the statements, and what they change. Pure.
//!
//! What is declared is put in place of its counterpart in the catalog of the target; the statements that lead from the one catalog
//! to the other are those of `palisade-diff`.

mod graft;
mod rename;

use std::collections::BTreeSet;

use palisade_catalog::{Catalog, ObjectKey, ObjectKind};
use palisade_diff::{DiffError, Options, Statement, diff};
use palisade_plan::Declared;

use crate::change::{Change, changes};
use graft::graft;

/// What becomes of policies that are on the tables of the files and in none of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Orphans {
    /// They are told of.
    Keep,
    /// They are dropped.
    Drop,
}

/// What there is to do, and what comes of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccessPlan {
    /// The statements, in order, without semicolons.
    pub statements: Vec<String>,
    /// What is different afterwards.
    pub changes: Vec<Change>,
    /// Policies on tables of the files that none of them creates, and that stay.
    pub orphans: Vec<ObjectKey>,
    /// The tables whose policies or flags change, in the order in which they are locked: they are changed under a lock that
    /// nobody can read beside.
    pub tables: Vec<(String, String)>,
}

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
pub enum AccessPlanError {
    /// The files grant or revoke something on what the target lacks.
    #[error("the files say who may use {object}, and there is none here")]
    Missing {
        /// The object.
        object: ObjectKey,
    },
    /// No order of statements leads there.
    #[error("{0}")]
    Diff(#[from] DiffError),
}

impl AccessPlanError {
    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::Missing { .. } => "apply the migrations first: `cargo xtask db-push` does both".to_owned(),
            Self::Diff(_) => "this is a defect of Palisade, please report it".to_owned(),
        }
    }
}

/// What there is to do to make `declared` true where `actual` is. Nothing that is not declared is touched.
///
/// # Errors
///
/// [`AccessPlanError`].
pub fn plan(actual: &Catalog, declared: &Declared, orphans: Orphans) -> Result<AccessPlan, AccessPlanError> {
    let (wanted, left) = graft(actual, declared, orphans)?;
    let changes = changes(actual, &wanted);
    let (mut from, mut statements) = rename::renamed(actual, &wanted);
    taken_along(&mut from, &wanted);
    statements.extend(diff(&from, &wanted, &Options::ALL)?.statements);
    // Settings of the session are those of whoever runs the statements.
    statements.retain(|it| it.object.kind != ObjectKind::Unmodelled);
    let locked = |it: &Statement| matches!(it.object.kind, ObjectKind::Policy | ObjectKind::RowSecurity);
    let relations = statements.iter().filter(|it| locked(it)).map(|it| it.object.relation());
    let tables: BTreeSet<(String, String)> =
        relations.map(|(schema, name)| (schema.to_owned(), name.to_owned())).collect();
    Ok(AccessPlan {
        statements: statements.into_iter().map(|it| it.sql.trim_end().to_owned()).collect(),
        changes,
        orphans: left,
        tables: tables.into_iter().collect(),
    })
}

/// [`REVOKE`](https://www.postgresql.org/docs/current/sql-revoke.html) of a right on a table takes the same right on its columns
/// along: those that shall stay are granted again.
fn taken_along(from: &mut Catalog, wanted: &Catalog) {
    let mut taken = Vec::new();
    for (key, before) in from.objects.iter().filter(|(key, _)| key.kind.is_relation()) {
        let Some((before, after)) =
            before.privileges.as_ref().zip(wanted.get(key).and_then(|it| it.privileges.as_ref()))
        else {
            continue;
        };
        for (role, granted) in &before.others {
            let kept = after.others.get(role);
            let lost = granted.keys().filter(|it| kept.is_none_or(|kept| !kept.contains_key(*it)));
            taken.extend(lost.map(|it| (key.clone(), role.clone(), *it)));
        }
    }
    for (relation, role, privilege) in taken {
        let columns = from.objects.iter_mut().filter(|(key, _)| key.kind == ObjectKind::Column);
        for (_, column) in columns.filter(|(key, _)| key.relation() == relation.relation()) {
            if let Some(granted) = column.privileges.as_mut().and_then(|it| it.others.get_mut(&role)) {
                granted.remove(&privilege);
            }
        }
    }
}

#[cfg(test)]
mod tests;
