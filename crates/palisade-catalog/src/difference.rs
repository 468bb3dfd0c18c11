//! What differs between two catalogs.

use std::fmt;

use crate::object::{Catalog, ObjectKey};

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
    /// On both sides, with different definitions.
    Changed {
        /// The object.
        object: ObjectKey,
        /// Its definition on the left side.
        from: String,
        /// Its definition on the right side.
        to: String,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Added { object } => write!(f, "+ {object}"),
            Self::Removed { object } => write!(f, "- {object}"),
            Self::Changed { object, from, to } => write!(f, "~ {object}\n    was {from}\n    is  {to}"),
        }
    }
}

/// Every object that differs from `left` to `right`, sorted by object.
pub fn difference(left: &Catalog, right: &Catalog) -> Vec<Difference> {
    let mut found: Vec<(&ObjectKey, Difference)> = Vec::new();
    for (object, from) in &left.objects {
        match right.objects.get(object) {
            None => found.push((object, Difference::Removed { object: object.clone() })),
            Some(to) if to != from => {
                let changed = Difference::Changed { object: object.clone(), from: from.clone(), to: to.clone() };
                found.push((object, changed));
            }
            Some(_) => {}
        }
    }
    let added = right.objects.keys().filter(|it| !left.objects.contains_key(*it));
    found.extend(added.map(|object| (object, Difference::Added { object: object.clone() })));
    found.sort_by_key(|(object, _)| *object);
    found.into_iter().map(|(_, difference)| difference).collect()
}

#[cfg(test)]
mod tests {
    use super::difference;
    use crate::object::{Catalog, ObjectKey, ObjectKind};

    fn catalog(objects: &[(&str, &str)]) -> Catalog {
        let key = |name: &str| ObjectKey { kind: ObjectKind::Column, name: name.to_owned() };
        Catalog { objects: objects.iter().map(|(name, definition)| (key(name), (*definition).to_owned())).collect() }
    }

    #[test]
    fn every_difference_is_named_once_in_order() {
        let left = catalog(&[("t.a", "integer"), ("t.b", "text"), ("t.d", "uuid")]);
        let right = catalog(&[("t.a", "bigint"), ("t.b", "text"), ("t.c", "text")]);
        let lines: Vec<String> = difference(&left, &right).iter().map(ToString::to_string).collect();
        assert_eq!(lines, ["~ column t.a\n    was integer\n    is  bigint", "+ column t.c", "- column t.d"]);
        assert!(difference(&left, &left).is_empty());
    }
}
