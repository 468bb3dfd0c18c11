//! What an object is, beside its name, owner, privileges and comment.

mod other;
mod relation;
mod routine;
mod types;

pub use other::{Opaque, Options, Policy, Publication, PublicationTable, RowSecurity, Subscription};
pub use relation::{
    Column, Constraint, ConstraintIndex, ConstraintKind, Default, Generated, Identity, Index, Rule, Sequence,
    SequenceOptions, Table, TableKind, Trigger, View,
};
pub use routine::{Aggregate, Routine};
pub use types::{Attribute, Composite, Domain, DomainConstraint, Enum, Range};

/// What an object is. Every text of SQL in it was written by the server's deparser with an empty `search_path`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Definition {
    /// A schema: nothing but its name.
    Schema,
    /// An extension.
    Extension {
        /// The schema that it was created in.
        schema: String,
        /// Its version.
        version: String,
        /// The version that the server gives if none is said; it says nothing about the database.
        default_version: Option<String>,
    },
    /// An enum type.
    Enum(Enum),
    /// A domain.
    Domain(Domain),
    /// A constraint of a domain.
    DomainConstraint(DomainConstraint),
    /// A composite type.
    Composite(Composite),
    /// A range type.
    Range(Range),
    /// A function or procedure.
    Routine(Routine),
    /// An aggregate.
    Aggregate(Aggregate),
    /// A sequence.
    Sequence(Sequence),
    /// The sequence of an identity column; how it counts stands there.
    IdentitySequence,
    /// A table; behind a pointer, because room for the largest is in all others too.
    Table(Box<Table>),
    /// A column.
    Column(Column),
    /// A default, or how a column is generated.
    Default(Default),
    /// A constraint of a table.
    Constraint(Constraint),
    /// An index.
    Index(Index),
    /// A view, materialized or not.
    View(View),
    /// A rewrite rule.
    Rule(Rule),
    /// A trigger.
    Trigger(Trigger),
    /// Flags of row security.
    RowSecurity(RowSecurity),
    /// A policy.
    Policy(Policy),
    /// Default privileges; they stand in the object's privileges.
    DefaultPrivileges,
    /// A publication.
    Publication(Publication),
    /// A table in a publication.
    PublicationTable(PublicationTable),
    /// A schema in a publication.
    PublicationSchema,
    /// A subscription.
    Subscription(Subscription),
    /// A wrapper, server or user mapping, whose options can be altered.
    Options(Options),
    /// Anything that is made by one statement and replaced when that differs.
    Opaque(Opaque),
}
