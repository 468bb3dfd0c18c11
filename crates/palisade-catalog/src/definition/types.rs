//! Types.

use serde::{Deserialize, Serialize};

/// An enum type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enum {
    /// Its values, in order.
    pub labels: Vec<String>,
}

/// A domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Domain {
    /// The type that it restricts.
    pub base: String,
    /// Its collation, if that is not the base type's.
    pub collation: Option<String>,
    /// Its default.
    pub default: Option<String>,
    /// Whether it refuses NULL.
    pub not_null: bool,
    /// From Postgres 17 on, the name of the constraint that does so.
    pub not_null_name: Option<String>,
    /// What is said about that constraint.
    pub not_null_comment: Option<String>,
}

/// A check constraint of a domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DomainConstraint {
    /// `CHECK (…)`, with ` NOT VALID` behind it where that is so.
    pub definition: String,
    /// Whether all stored values are known to obey it.
    pub validated: bool,
}

/// A composite type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Composite {
    /// Its attributes, in order.
    pub attributes: Vec<Attribute>,
}

/// An attribute of a composite type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attribute {
    /// Its name.
    pub name: String,
    /// Its type.
    pub data_type: String,
    /// Its collation, if that is not the type's.
    pub collation: Option<String>,
    /// What is said about it.
    pub comment: Option<String>,
}

/// A range type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// The type of its bounds.
    pub subtype: String,
    /// The operator class that orders them.
    pub operator_class: String,
    /// Whether that is the default one of the type.
    pub default_class: bool,
    /// The collation that orders them, if that is not the type's.
    pub collation: Option<String>,
    /// The function that makes equal ranges look equal.
    pub canonical: Option<String>,
    /// The function that tells how far apart two bounds are.
    pub difference: Option<String>,
    /// The name of the type of several ranges, in the same schema.
    pub multirange: String,
}
