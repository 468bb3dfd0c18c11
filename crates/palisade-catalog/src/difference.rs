//! What differs between two catalogs.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::Value;

use crate::facet::{Compared, facets};
use crate::key::ObjectKey;
use crate::object::{Catalog, Object};

/// One object that is not the same on both sides.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case", tag = "difference")]
pub enum Difference {
    /// Only on the right side.
    Added {
        /// The object.
        object: ObjectKey,
    },
    /// Only on the left side.
    Removed {
        /// The object.
        object: ObjectKey,
    },
    /// On both sides, and not the same.
    Changed {
        /// The object.
        object: ObjectKey,
        /// In what.
        changes: Vec<Change>,
    },
}

/// One value of an object that differs.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Change {
    /// Its name, for example `data_type`.
    pub what: String,
    /// The value on the left side; null if it has none.
    pub from: Value,
    /// The value on the right side; null if it has none.
    pub to: Value,
}

impl Difference {
    /// The object.
    pub fn object(&self) -> &ObjectKey {
        match self {
            Self::Added { object } | Self::Removed { object } | Self::Changed { object, .. } => object,
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Added { object } => write!(f, "+ {object}"),
            Self::Removed { object } => write!(f, "- {object}"),
            Self::Changed { object, changes } => {
                write!(f, "~ {object}")?;
                for Change { what, from, to } in changes {
                    write!(f, "\n    {}: was {}, is {}", what.replace('_', " "), shown(from), shown(to))?;
                }
                Ok(())
            }
        }
    }
}

/// A value as a person would write it.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::String(text) => text.trim().to_owned(),
        other => other.to_string(),
    }
}

/// In what two objects differ, sorted by name.
pub fn changes(from: &Object, to: &Object, compared: Compared) -> Vec<Change> {
    if from.definition == to.definition
        && from.comment == to.comment
        && from.labels == to.labels
        && (!compared.owners || from.owner == to.owner)
        && (!compared.privileges || from.privileges == to.privileges)
    {
        return Vec::new();
    }
    let (mut left, mut right) = (facets(from, compared), facets(to, compared));
    let names: BTreeSet<String> = left.keys().chain(right.keys()).cloned().collect();
    let mut found = Vec::new();
    for what in names {
        let from = left.remove(&what).unwrap_or(Value::Null);
        let to = right.remove(&what).unwrap_or(Value::Null);
        if from != to {
            found.push(Change { what, from, to });
        }
    }
    found
}

/// Every object that differs from `left` to `right`, sorted by object.
pub fn difference(left: &Catalog, right: &Catalog, compared: Compared) -> Vec<Difference> {
    let mut found = Vec::new();
    for (object, from) in &left.objects {
        match right.objects.get(object) {
            None => found.push(Difference::Removed { object: object.clone() }),
            Some(to) => {
                let changes = changes(from, to, compared);
                if !changes.is_empty() {
                    found.push(Difference::Changed { object: object.clone(), changes });
                }
            }
        }
    }
    let added = right.objects.keys().filter(|it| !left.objects.contains_key(*it));
    found.extend(added.map(|object| Difference::Added { object: object.clone() }));
    found.sort_by(|left, right| left.object().cmp(right.object()));
    found
}
