//! What decides who may do what, as read from a database.

mod grant;
mod raw;
mod translate;

use crate::expr::{Expr, Query};
use crate::{LowerError, Oid};
use palisade_sql::quote_ident;
use std::collections::BTreeMap;

pub use grant::{Grant, Privilege};
pub use raw::{RawFacts, RawMore, Referenced};
pub(crate) use translate::Names;

/// Everything that decides who may do what, with all names resolved. Objects refer to each other by their number.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// `server_version_num`
    pub version: u32,
    /// All roles.
    pub roles: BTreeMap<Oid, Role>,
    /// Which role is a member of which.
    pub memberships: Vec<Membership>,
    /// All schemas but the system's.
    pub schemas: BTreeMap<Oid, Schema>,
    /// Tables, views and their like in those schemas.
    pub relations: BTreeMap<Oid, Relation>,
    /// Policies, by table and name.
    pub policies: Vec<Policy>,
    /// Functions in those schemas, and those of the system that are called.
    pub functions: BTreeMap<Oid, Function>,
    /// Operators that are used.
    pub operators: BTreeMap<Oid, Operator>,
    /// What views and materialized views select, by the view.
    pub views: BTreeMap<Oid, Vec<Query>>,
    /// The same as the server writes it.
    pub view_definitions: BTreeMap<Oid, String>,
    /// Triggers of users.
    pub triggers: Vec<Trigger>,
    /// Foreign keys.
    pub foreign_keys: Vec<ForeignKey>,
    /// Indexes, by table.
    pub indexes: Vec<Index>,
    /// Publications and their tables.
    pub publications: Vec<Publication>,
    /// `ALTER DEFAULT PRIVILEGES`
    pub default_privileges: Vec<DefaultPrivilege>,
    /// The names of types of users.
    pub types: BTreeMap<Oid, String>,
}

/// A role.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[allow(clippy::struct_excessive_bools, reason = "each is one that the server has")]
pub struct Role {
    /// Its name.
    pub name: String,
    /// `SUPERUSER`
    pub superuser: bool,
    /// `BYPASSRLS`
    pub bypasses: bool,
    /// `INHERIT`; before version 16 it decides for all memberships.
    pub inherits: bool,
    /// `LOGIN`
    pub login: bool,
}

/// That a role is a member of another.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
pub struct Membership {
    /// The role it is a member of.
    pub group: Oid,
    /// The member.
    pub member: Oid,
    /// Whether it has the rights of the group without `SET ROLE`.
    pub inherits: bool,
}

/// A schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schema {
    /// Its name.
    pub name: String,
    /// Its owner.
    pub owner: Oid,
    /// Who may use it.
    pub grants: Vec<Grant>,
}

/// What a relation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize, serde::Serialize)]
pub enum RelationKind {
    /// A table.
    #[serde(rename = "r")]
    Table,
    /// A partitioned table.
    #[serde(rename = "p")]
    Partitioned,
    /// A view.
    #[serde(rename = "v")]
    View,
    /// A materialized view.
    #[serde(rename = "m")]
    Materialized,
    /// A foreign table.
    #[serde(rename = "f")]
    Foreign,
}

impl RelationKind {
    /// Whether row security exists for it.
    pub fn has_row_security(self) -> bool {
        matches!(self, Self::Table | Self::Partitioned)
    }
}

/// A table, a view, or their like.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "each is one that the server has")]
pub struct Relation {
    /// Its number.
    pub oid: Oid,
    /// The schema.
    pub schema: Oid,
    /// The schema's name.
    pub schema_name: String,
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: RelationKind,
    /// Its owner.
    pub owner: Oid,
    /// `ENABLE ROW LEVEL SECURITY`
    pub row_security: bool,
    /// `FORCE ROW LEVEL SECURITY`
    pub forced: bool,
    /// Of a view: `security_invoker`
    pub security_invoker: bool,
    /// Whether it is a partition.
    pub partition: bool,
    /// Its parents, by partitioning or inheritance.
    pub parents: Vec<Oid>,
    /// Rights on all of it.
    pub grants: Vec<Grant>,
    /// Its columns, without dropped ones.
    pub columns: Vec<Column>,
    /// Whether an extension brought it.
    pub of_extension: bool,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its number.
    pub number: i32,
    /// Its name.
    pub name: String,
    /// Its type.
    pub data_type: Oid,
    /// `NOT NULL`
    pub not_null: bool,
    /// Whether the server makes its values: generated, or `GENERATED ALWAYS AS IDENTITY`.
    pub generated: bool,
    /// Rights on it alone.
    pub grants: Vec<Grant>,
}

/// For which commands a policy is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize, serde::Serialize)]
pub enum PolicyCommand {
    /// `FOR ALL`
    #[serde(rename = "*")]
    All,
    /// `FOR SELECT`
    #[serde(rename = "r")]
    Select,
    /// `FOR INSERT`
    #[serde(rename = "a")]
    Insert,
    /// `FOR UPDATE`
    #[serde(rename = "w")]
    Update,
    /// `FOR DELETE`
    #[serde(rename = "d")]
    Delete,
}

impl PolicyCommand {
    /// As in SQL.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "ALL",
            Self::Select => "SELECT",
            Self::Insert => "INSERT",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
        }
    }

    /// Whether it decides about statements of the kind that `other` is for.
    pub fn covers(self, other: Self) -> bool {
        self == Self::All || self == other
    }
}

/// A condition of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// What it means.
    pub expr: Expr,
    /// As the server writes it, all names with their schema.
    pub sql: String,
}

/// A policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// Its table.
    pub relation: Oid,
    /// For which commands.
    pub command: PolicyCommand,
    /// `PERMISSIVE`, else `RESTRICTIVE`.
    pub permissive: bool,
    /// To whom; [`Oid::NONE`] is `PUBLIC`.
    pub roles: Vec<Oid>,
    /// `USING`
    pub using: Option<Condition>,
    /// `WITH CHECK`
    pub with_check: Option<Condition>,
}

impl Policy {
    /// The condition for new rows: `WITH CHECK`, and where there is none, `USING`.
    pub fn check(&self) -> Option<&Condition> {
        self.with_check.as_ref().or(self.using.as_ref())
    }

    /// Both conditions.
    pub fn conditions(&self) -> impl Iterator<Item = &Condition> {
        self.using.iter().chain(&self.with_check)
    }
}

/// How a function may be trusted to depend on its arguments only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
pub enum Volatility {
    /// `IMMUTABLE`
    #[serde(rename = "i")]
    Immutable,
    /// `STABLE`
    #[serde(rename = "s")]
    Stable,
    /// `VOLATILE`
    #[serde(rename = "v")]
    Volatile,
}

/// A function, a procedure, an aggregate.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "each is one that the server has")]
pub struct Function {
    /// Its schema's name.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// Its arguments, as they identify it.
    pub arguments: String,
    /// How many arguments it has.
    pub argument_count: usize,
    /// Its language.
    pub language: String,
    /// `IMMUTABLE`, `STABLE`, `VOLATILE`
    pub volatility: Volatility,
    /// `SECURITY DEFINER`
    pub security_definer: bool,
    /// `LEAKPROOF`
    pub leakproof: bool,
    /// Whether it is NULL when an argument is.
    pub strict: bool,
    /// `RETURNS SETOF`
    pub returns_set: bool,
    /// What it returns, as the server writes it.
    pub returns: String,
    /// Whether a row is what it returns.
    pub returns_row: bool,
    /// `SET` clauses: `search_path=`
    pub settings: Vec<String>,
    /// Its text, of languages that are text; of a parsed body, what the server makes of it.
    pub source: String,
    /// Its body, if the server has parsed it.
    pub body: Vec<Query>,
    /// Its owner.
    pub owner: Oid,
    /// Who may execute it.
    pub grants: Vec<Grant>,
    /// Whether an extension or the system brought it.
    pub foreign: bool,
}

/// An operator.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
pub struct Operator {
    /// Its name: `=`
    pub name: String,
    /// The function behind it.
    pub function: Oid,
    /// The one that says the opposite.
    pub negator: Oid,
    /// The one with its sides exchanged.
    pub commutator: Oid,
    /// Whether a family of b-tree or hash indexes knows it as equality.
    pub equality: bool,
    /// Whether a family of b-tree indexes sorts with it: `<`, `<=`, `>`, `>=`.
    pub ordering: bool,
}

/// A trigger.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
pub struct Trigger {
    /// Its name.
    pub name: String,
    /// Its table.
    pub relation: Oid,
    /// What it calls.
    pub function: Oid,
    /// Its commands.
    pub events: Vec<String>,
}

/// A foreign key.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
pub struct ForeignKey {
    /// Its name.
    pub name: String,
    /// The table that has it.
    pub relation: Oid,
    /// Its columns.
    pub columns: Vec<i32>,
    /// The table it refers to.
    pub referenced: Oid,
    /// What happens on `DELETE`: `a` nothing, `r` restrict, `c` cascade, `n` set null, `d` set default.
    pub on_delete: String,
    /// The same for `UPDATE`.
    pub on_update: String,
}

/// An index.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[allow(clippy::struct_excessive_bools, reason = "each is one that the server has")]
pub struct Index {
    /// Its name.
    pub name: String,
    /// Its table.
    pub relation: Oid,
    /// Its method: `btree`
    pub method: String,
    /// Whether it forbids equal rows.
    pub unique: bool,
    /// Whether the primary key is behind it.
    pub primary: bool,
    /// Whether queries may use it.
    pub valid: bool,
    /// Whether it holds some rows only.
    pub partial: bool,
    /// Its columns that can be searched, 0 for expressions.
    pub columns: Vec<i32>,
    /// Columns in its expressions and its condition.
    pub other_columns: Vec<i32>,
    /// An operator of its first column that is not leakproof.
    pub leaky_operator: Option<String>,
}

/// A publication.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
pub struct Publication {
    /// Its name.
    pub name: String,
    /// `FOR ALL TABLES`
    pub all_tables: bool,
    /// Its tables.
    pub relations: Vec<Oid>,
    /// Its schemas.
    pub schemas: Vec<Oid>,
}

/// What future objects are granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefaultPrivilege {
    /// Whose objects.
    pub owner: Oid,
    /// In which schema; [`Oid::NONE`] for all.
    pub schema: Oid,
    /// Of which kind: `r` tables, `S` sequences, `f` functions, `T` types, `n` schemas.
    pub objects: String,
    /// What is granted.
    pub grants: Vec<Grant>,
}

/// Why the answers of the server cannot be understood.
#[derive(Debug, thiserror::Error)]
pub enum FactsError {
    /// An answer has another form than expected.
    #[error("the answer of the server about {class} cannot be read: {source}")]
    Answer {
        /// About what.
        class: String,
        /// Why not.
        source: serde_json::Error,
    },
    /// A parse tree cannot be understood.
    #[error("{what}: {source}")]
    Tree {
        /// Whose it is.
        what: String,
        /// Why not.
        source: LowerError,
    },
}

impl Facts {
    /// `schema.name` of a relation, its number if it is not known.
    pub fn relation_name(&self, oid: Oid) -> String {
        self.relations.get(&oid).map_or_else(|| format!("relation {oid}"), Relation::qualified)
    }

    /// The name of a role; `PUBLIC` of none.
    pub fn role_name(&self, oid: Oid) -> String {
        match self.roles.get(&oid) {
            _ if oid == Oid::NONE => "public".to_owned(),
            Some(role) => role.name.clone(),
            None => format!("role {oid}"),
        }
    }

    /// The role of a name.
    pub fn role_named(&self, name: &str) -> Option<Oid> {
        self.roles.iter().find(|(_, it)| it.name == name).map(|(oid, _)| *oid)
    }

    /// The policies of a relation.
    pub fn policies_of(&self, relation: Oid) -> &[Policy] {
        let start = self.policies.partition_point(|it| it.relation < relation);
        let length = self.policies[start..].partition_point(|it| it.relation == relation);
        &self.policies[start..start + length]
    }

    /// The indexes of a relation.
    pub fn indexes_of(&self, relation: Oid) -> &[Index] {
        let start = self.indexes.partition_point(|it| it.relation < relation);
        let length = self.indexes[start..].partition_point(|it| it.relation == relation);
        &self.indexes[start..start + length]
    }

    /// A column of a relation by number.
    pub fn column(&self, relation: Oid, number: i32) -> Option<&Column> {
        self.relations.get(&relation)?.columns.iter().find(|it| it.number == number)
    }
}

impl Relation {
    /// `schema.name`, quoted.
    pub fn quoted(&self) -> String {
        format!("{}.{}", quote_ident(&self.schema_name), quote_ident(&self.name))
    }

    /// `schema.name`, as text for people; not quoted.
    pub fn qualified(&self) -> String {
        format!("{}.{}", self.schema_name, self.name)
    }
}

impl Function {
    /// Whether users wrote it. Supabase's own are taken at their name: local stand-ins of them have other bodies.
    pub fn is_of_users(&self) -> bool {
        !self.foreign && !["auth", "storage", "realtime", "extensions"].contains(&self.schema.as_str())
    }

    /// `schema.name(arguments)`, quoted.
    pub fn quoted(&self) -> String {
        format!("{}.{}({})", quote_ident(&self.schema), quote_ident(&self.name), self.arguments)
    }

    /// `schema.name(arguments)`, as text for people.
    pub fn signature(&self) -> String {
        format!("{}.{}({})", self.schema, self.name, self.arguments)
    }
}
