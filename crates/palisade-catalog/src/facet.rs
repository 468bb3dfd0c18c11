//! An object as named values: what two objects are compared by.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::definition::Definition;
use crate::object::Object;

/// Which sides of objects are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compared {
    /// Whose they are. The same schema belongs to different roles in different environments.
    pub owners: bool,
    /// Who may do what with them.
    pub privileges: bool,
}

impl Compared {
    /// Everything.
    pub const ALL: Self = Self { owners: true, privileges: true };
}

/// The values of an object by name, without those that differ between databases that mean the same: the places of columns,
/// whether a materialized view holds rows, and what it needs, which follows from the rest.
pub(crate) fn facets(object: &Object, compared: Compared) -> BTreeMap<String, Value> {
    let Object { definition, owner, privileges, comment, labels, needs: _ } = object;
    let mut found = BTreeMap::new();
    match serde_json::to_value(definition) {
        Ok(Value::Object(kinds)) => {
            for (kind, value) in kinds {
                match value {
                    Value::Object(fields) => found.extend(fields),
                    other => drop(found.insert(kind, other)),
                }
            }
        }
        Ok(other) => drop(found.insert("kind".to_owned(), other)),
        // Definitions hold texts, numbers and lists only, which always have a form.
        Err(_) => {}
    }
    match definition {
        Definition::Column(_) => drop(found.remove("position")),
        Definition::Extension { .. } => drop(found.remove("default_version")),
        Definition::View(_) => drop(found.remove("populated")),
        _ => {}
    }
    if let (true, Some(owner)) = (compared.owners, owner) {
        found.insert("owner".to_owned(), Value::from(owner.as_str()));
    }
    if let (true, Some(privileges)) = (compared.privileges, privileges) {
        found.insert("privileges".to_owned(), Value::from(privileges.to_string()));
        let own: String = privileges.owner.keys().map(|it| it.0).collect();
        found.insert("owner_privileges".to_owned(), Value::from(own));
    }
    if let Some(comment) = comment {
        found.insert("comment".to_owned(), Value::from(comment.as_str()));
    }
    for (provider, label) in labels {
        found.insert(format!("label of {provider}"), Value::from(label.as_str()));
    }
    found
}
