//! What sort of object it is.

/// What sort of object it is. The order is that in which objects are made and shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ObjectKind {
    /// A role, read only on request.
    Role,
    /// That one role is a member of another, read only on request.
    Membership,
    /// A schema.
    Schema,
    /// An extension; its members are not read.
    Extension,
    /// A procedural language that no extension brought.
    Language,
    /// An index or table access method.
    AccessMethod,
    /// A foreign data wrapper.
    ForeignDataWrapper,
    /// A foreign server.
    ForeignServer,
    /// Whom a role is on a foreign server.
    UserMapping,
    /// A collation.
    Collation,
    /// A conversion between encodings.
    Conversion,
    /// An enum type.
    Enum,
    /// A domain.
    Domain,
    /// A check constraint of a domain.
    DomainConstraint,
    /// A composite type that is no row type of a relation.
    Composite,
    /// A range type, with its multirange.
    Range,
    /// A function.
    Function,
    /// A procedure.
    Procedure,
    /// An aggregate.
    Aggregate,
    /// An operator.
    Operator,
    /// An operator family.
    OperatorFamily,
    /// An operator class.
    OperatorClass,
    /// A cast.
    Cast,
    /// A transform of a type for a language.
    Transform,
    /// A text search parser.
    TextSearchParser,
    /// A text search template.
    TextSearchTemplate,
    /// A text search dictionary.
    TextSearchDictionary,
    /// A text search configuration with its mappings.
    TextSearchConfiguration,
    /// A sequence that no identity column owns.
    Sequence,
    /// A table, partitioned or not, or a foreign table.
    Table,
    /// A column of a table or view.
    Column,
    /// The sequence of an identity column: made, changed and dropped with that; only privileges and comment are its own.
    IdentitySequence,
    /// What a column holds when nothing is said: a default, or how it is generated.
    Default,
    /// A constraint of a table. NOT NULL stands with the column.
    Constraint,
    /// An index that no constraint owns.
    Index,
    /// Extended statistics.
    Statistics,
    /// A view.
    View,
    /// A materialized view.
    MaterializedView,
    /// A rewrite rule that is not a view's own.
    Rule,
    /// A trigger.
    Trigger,
    /// An event trigger.
    EventTrigger,
    /// Whether row security is enabled and forced on a table.
    RowSecurity,
    /// A row security policy.
    Policy,
    /// What a role grants on objects that it will make.
    DefaultPrivileges,
    /// A publication.
    Publication,
    /// A table in a publication.
    PublicationTable,
    /// A schema in a publication.
    PublicationSchema,
    /// A subscription.
    Subscription,
    /// Something that the catalog holds and this model does not: named, compared by presence, never changed.
    Unmodelled,
}

impl ObjectKind {
    /// The name used in messages, in SQL's words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Role => "role",
            Self::Membership => "membership",
            Self::Schema => "schema",
            Self::Extension => "extension",
            Self::Language => "language",
            Self::AccessMethod => "access method",
            Self::ForeignDataWrapper => "foreign data wrapper",
            Self::ForeignServer => "server",
            Self::UserMapping => "user mapping",
            Self::Collation => "collation",
            Self::Conversion => "conversion",
            Self::Enum | Self::Composite | Self::Range => "type",
            Self::Domain => "domain",
            Self::DomainConstraint => "domain constraint",
            Self::Function => "function",
            Self::Procedure => "procedure",
            Self::Aggregate => "aggregate",
            Self::Operator => "operator",
            Self::OperatorFamily => "operator family",
            Self::OperatorClass => "operator class",
            Self::Cast => "cast",
            Self::Transform => "transform",
            Self::TextSearchParser => "text search parser",
            Self::TextSearchTemplate => "text search template",
            Self::TextSearchDictionary => "text search dictionary",
            Self::TextSearchConfiguration => "text search configuration",
            Self::Sequence | Self::IdentitySequence => "sequence",
            Self::Table => "table",
            Self::Column => "column",
            Self::Default => "default of",
            Self::Constraint => "constraint",
            Self::Index => "index",
            Self::Statistics => "statistics",
            Self::View => "view",
            Self::MaterializedView => "materialized view",
            Self::Rule => "rule",
            Self::Trigger => "trigger",
            Self::EventTrigger => "event trigger",
            Self::RowSecurity => "row security of",
            Self::Policy => "policy",
            Self::DefaultPrivileges => "default privileges of",
            Self::Publication => "publication",
            Self::PublicationTable => "publication table",
            Self::PublicationSchema => "publication schema",
            Self::Subscription => "subscription",
            Self::Unmodelled => "object",
        }
    }

    /// The words of `CREATE` and `DROP`; nothing for what is made and removed in other words.
    pub fn sql(self) -> &'static str {
        match self {
            Self::ForeignServer => "SERVER",
            Self::Role => "ROLE",
            Self::Schema => "SCHEMA",
            Self::Extension => "EXTENSION",
            Self::Language => "LANGUAGE",
            Self::AccessMethod => "ACCESS METHOD",
            Self::ForeignDataWrapper => "FOREIGN DATA WRAPPER",
            Self::UserMapping => "USER MAPPING",
            Self::Collation => "COLLATION",
            Self::Conversion => "CONVERSION",
            Self::Enum | Self::Composite | Self::Range => "TYPE",
            Self::Domain => "DOMAIN",
            Self::Function => "FUNCTION",
            Self::Procedure => "PROCEDURE",
            Self::Aggregate => "AGGREGATE",
            Self::Operator => "OPERATOR",
            Self::OperatorFamily => "OPERATOR FAMILY",
            Self::OperatorClass => "OPERATOR CLASS",
            Self::Cast => "CAST",
            Self::Transform => "TRANSFORM",
            Self::TextSearchParser => "TEXT SEARCH PARSER",
            Self::TextSearchTemplate => "TEXT SEARCH TEMPLATE",
            Self::TextSearchDictionary => "TEXT SEARCH DICTIONARY",
            Self::TextSearchConfiguration => "TEXT SEARCH CONFIGURATION",
            Self::Sequence | Self::IdentitySequence => "SEQUENCE",
            Self::Table => "TABLE",
            Self::Column => "COLUMN",
            Self::Constraint | Self::DomainConstraint => "CONSTRAINT",
            Self::Index => "INDEX",
            Self::Statistics => "STATISTICS",
            Self::View => "VIEW",
            Self::MaterializedView => "MATERIALIZED VIEW",
            Self::Rule => "RULE",
            Self::Trigger => "TRIGGER",
            Self::EventTrigger => "EVENT TRIGGER",
            Self::Policy => "POLICY",
            Self::Publication => "PUBLICATION",
            Self::Subscription => "SUBSCRIPTION",
            Self::Membership
            | Self::Default
            | Self::RowSecurity
            | Self::DefaultPrivileges
            | Self::PublicationTable
            | Self::PublicationSchema
            | Self::Unmodelled => "",
        }
    }

    /// Whether the first name of its path is a schema.
    pub fn is_in_schema(self) -> bool {
        match self {
            Self::Collation
            | Self::Conversion
            | Self::Enum
            | Self::Domain
            | Self::DomainConstraint
            | Self::Composite
            | Self::Range
            | Self::Function
            | Self::Procedure
            | Self::Aggregate
            | Self::Operator
            | Self::OperatorFamily
            | Self::OperatorClass
            | Self::TextSearchParser
            | Self::TextSearchTemplate
            | Self::TextSearchDictionary
            | Self::TextSearchConfiguration
            | Self::Sequence
            | Self::IdentitySequence
            | Self::Table
            | Self::Column
            | Self::Default
            | Self::Constraint
            | Self::Index
            | Self::Statistics
            | Self::View
            | Self::MaterializedView
            | Self::Rule
            | Self::Trigger
            | Self::RowSecurity
            | Self::Policy => true,
            Self::Role
            | Self::Membership
            | Self::Schema
            | Self::Extension
            | Self::Language
            | Self::AccessMethod
            | Self::ForeignDataWrapper
            | Self::ForeignServer
            | Self::UserMapping
            | Self::Cast
            | Self::Transform
            | Self::EventTrigger
            | Self::DefaultPrivileges
            | Self::Publication
            | Self::PublicationTable
            | Self::PublicationSchema
            | Self::Subscription
            | Self::Unmodelled => false,
        }
    }

    /// Whether it is a part of a relation or domain, which is named first.
    pub fn is_part(self) -> bool {
        matches!(
            self,
            Self::DomainConstraint
                | Self::Column
                | Self::Default
                | Self::Constraint
                | Self::Rule
                | Self::Trigger
                | Self::RowSecurity
                | Self::Policy
        )
    }

    /// Whether it is named together with the types of its arguments.
    pub fn is_routine(self) -> bool {
        matches!(self, Self::Function | Self::Procedure | Self::Aggregate)
    }

    /// Whether it has columns, and shares the names of a schema with all others that are so.
    pub fn is_relation(self) -> bool {
        matches!(
            self,
            Self::Table
                | Self::View
                | Self::MaterializedView
                | Self::Sequence
                | Self::IdentitySequence
                | Self::Index
                | Self::Composite
        )
    }

    /// Whether `rls/` is where objects of this kind are declared, rather than `migrations/`.
    pub fn belongs_to_row_security(self) -> bool {
        matches!(self, Self::RowSecurity | Self::Policy | Self::DefaultPrivileges)
    }

    /// Every kind, in order.
    pub const ALL: [Self; 49] = [
        Self::Role,
        Self::Membership,
        Self::Schema,
        Self::Extension,
        Self::Language,
        Self::AccessMethod,
        Self::ForeignDataWrapper,
        Self::ForeignServer,
        Self::UserMapping,
        Self::Collation,
        Self::Conversion,
        Self::Enum,
        Self::Domain,
        Self::DomainConstraint,
        Self::Composite,
        Self::Range,
        Self::Function,
        Self::Procedure,
        Self::Aggregate,
        Self::Operator,
        Self::OperatorFamily,
        Self::OperatorClass,
        Self::Cast,
        Self::Transform,
        Self::TextSearchParser,
        Self::TextSearchTemplate,
        Self::TextSearchDictionary,
        Self::TextSearchConfiguration,
        Self::Sequence,
        Self::Table,
        Self::Column,
        Self::IdentitySequence,
        Self::Default,
        Self::Constraint,
        Self::Index,
        Self::Statistics,
        Self::View,
        Self::MaterializedView,
        Self::Rule,
        Self::Trigger,
        Self::EventTrigger,
        Self::RowSecurity,
        Self::Policy,
        Self::DefaultPrivileges,
        Self::Publication,
        Self::PublicationTable,
        Self::PublicationSchema,
        Self::Subscription,
        Self::Unmodelled,
    ];
}
