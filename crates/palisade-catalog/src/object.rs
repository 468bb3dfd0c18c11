//! Objects, and the catalog that holds them.

use std::collections::BTreeMap;
use std::fmt;

/// What sort of object it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ObjectKind {
    /// A schema.
    Schema,
    /// An extension, with its version.
    Extension,
    /// An enum, composite, range or domain type.
    Type,
    /// A sequence that no identity column owns.
    Sequence,
    /// A table, partitioned or not, or a foreign table.
    Table,
    /// A column of a table.
    Column,
    /// A constraint of a table or a domain.
    Constraint,
    /// An index that no constraint owns.
    Index,
    /// A view or materialized view.
    View,
    /// A function, procedure or aggregate.
    Function,
    /// A trigger.
    Trigger,
    /// A rewrite rule that is not a view's own.
    Rule,
    /// Whether row security is enabled and forced on a table.
    RowSecurity,
    /// A row security policy.
    Policy,
    /// The privileges on an object.
    Grant,
    /// A comment.
    Comment,
}

impl ObjectKind {
    /// Whether `rls/` is where objects of this kind are declared, rather than `migrations/`.
    pub fn belongs_to_row_security(self) -> bool {
        match self {
            Self::RowSecurity | Self::Policy | Self::Grant => true,
            Self::Schema
            | Self::Extension
            | Self::Type
            | Self::Sequence
            | Self::Table
            | Self::Column
            | Self::Constraint
            | Self::Index
            | Self::View
            | Self::Function
            | Self::Trigger
            | Self::Rule
            | Self::Comment => false,
        }
    }

    /// The name used in messages, in SQL's words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Schema => "schema",
            Self::Extension => "extension",
            Self::Type => "type",
            Self::Sequence => "sequence",
            Self::Table => "table",
            Self::Column => "column",
            Self::Constraint => "constraint",
            Self::Index => "index",
            Self::View => "view",
            Self::Function => "function",
            Self::Trigger => "trigger",
            Self::Rule => "rule",
            Self::RowSecurity => "row security",
            Self::Policy => "policy",
            Self::Grant => "grants on",
            Self::Comment => "comment on",
        }
    }

    /// Every kind, in the order in which they are shown.
    pub const ALL: [Self; 16] = [
        Self::Schema,
        Self::Extension,
        Self::Type,
        Self::Sequence,
        Self::Table,
        Self::Column,
        Self::Constraint,
        Self::Index,
        Self::View,
        Self::Function,
        Self::Trigger,
        Self::Rule,
        Self::RowSecurity,
        Self::Policy,
        Self::Grant,
        Self::Comment,
    ];
}

/// Which object it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct ObjectKey {
    /// What sort of object.
    pub kind: ObjectKind,
    /// Its name as a person would write it, with schema and, for parts of a table, the table: `public.posts.title`.
    pub name: String,
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind.as_str(), self.name)
    }
}

/// The objects of one database, each with the definition that its server gives.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Catalog {
    /// Definitions by object.
    pub objects: BTreeMap<ObjectKey, String>,
}

impl Catalog {
    /// The part that `migrations/` declare, without what belongs to `rls/`.
    #[must_use]
    pub fn without_row_security(&self) -> Self {
        let kept = self.objects.iter().filter(|(key, _)| !key.kind.belongs_to_row_security());
        Self { objects: kept.map(|(key, definition)| (key.clone(), definition.clone())).collect() }
    }
}
