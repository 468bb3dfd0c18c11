//! Renames.
//!
//! A table or column under another name looks like one that goes and one that comes, and only people know better: they say so, or
//! are asked about the pairs that look like it (`candidates`). Constraints, indexes and sequences that are the same but for their
//! name hold nothing of their own that could be lost or kept, so that they are renamed without a question (`identical`).

mod candidates;
mod identical;

pub use candidates::{Candidate, candidates};
pub(crate) use identical::identical;

use palisade_catalog::{Catalog, Definition, ObjectKey, ObjectKind};
use palisade_sql::{quote_ident, quote_literal};

use crate::emit;
use crate::script::{Action, Statement};

/// A new name for an object, or for a value of an enum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rename {
    /// The object, under its old name.
    pub object: ObjectKey,
    /// The value, if it is one of an enum that gets the new name.
    pub value: Option<String>,
    /// The new name.
    pub to: String,
}

/// Why a rename cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenameError {
    /// There is nothing of that name.
    #[error("there is no {object} that could be renamed")]
    Unknown {
        /// The object.
        object: ObjectKey,
    },
    /// Objects of this kind have names that follow from something else.
    #[error("{object} cannot be renamed")]
    Kind {
        /// The object.
        object: ObjectKey,
    },
}

impl RenameError {
    /// What to do next.
    pub fn help(&self) -> String {
        "name what is there now: `table=new`, `table.column=new`, each with the schema in front where it is not `public`".to_owned()
    }
}

/// The statement of a rename.
///
/// # Errors
///
/// [`RenameError`].
pub fn rename_statement(catalog: &Catalog, rename: &Rename) -> Result<Statement, RenameError> {
    let Rename { object: key, value, to } = rename;
    let object = catalog.get(key).ok_or_else(|| RenameError::Unknown { object: key.clone() })?;
    let new = quote_ident(to);
    let relation = || {
        let kinds = [ObjectKind::View, ObjectKind::MaterializedView];
        let find = |kind: &ObjectKind| catalog.get(&ObjectKey::new(*kind, [key.part(0), key.part(1)])).is_some();
        kinds.into_iter().find(find).unwrap_or(ObjectKind::Table).sql()
    };
    let sql = match (key.kind, &object.definition, value) {
        (ObjectKind::Enum, Definition::Enum(it), Some(value)) if it.labels.contains(value) => {
            format!("ALTER TYPE {} RENAME VALUE {} TO {}", key.sql(), quote_literal(value), quote_literal(to))
        }
        (_, _, Some(_)) => return Err(RenameError::Unknown { object: key.clone() }),
        (ObjectKind::Column, ..) => {
            format!("ALTER {} {} RENAME COLUMN {} TO {new}", relation(), key.qualified(), key.sql())
        }
        (ObjectKind::Constraint, ..) => {
            format!("ALTER TABLE {} RENAME CONSTRAINT {} TO {new}", key.qualified(), key.sql())
        }
        (ObjectKind::DomainConstraint, ..) => {
            format!("ALTER DOMAIN {} RENAME CONSTRAINT {} TO {new}", key.qualified(), key.sql())
        }
        (ObjectKind::Policy | ObjectKind::Trigger | ObjectKind::Rule, ..) => {
            format!("ALTER {} {} ON {} RENAME TO {new}", key.kind.sql(), key.sql(), key.qualified())
        }
        (
            ObjectKind::Default
            | ObjectKind::RowSecurity
            | ObjectKind::DefaultPrivileges
            | ObjectKind::Cast
            | ObjectKind::Transform
            | ObjectKind::UserMapping
            | ObjectKind::Operator
            | ObjectKind::Extension
            | ObjectKind::Membership
            | ObjectKind::PublicationTable
            | ObjectKind::PublicationSchema
            | ObjectKind::Unmodelled,
            ..,
        ) => return Err(RenameError::Kind { object: key.clone() }),
        _ => format!("ALTER {} {} RENAME TO {new}", emit::kind_words(key, object), key.sql()),
    };
    Ok(Statement::new(key, Action::Alter, sql))
}
