//! One answer: a role, a relation, a command.

use crate::facts::{PolicyCommand, Privilege};

/// What a statement does to rows, or to their table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum AccessCommand {
    /// Reads rows.
    Select,
    /// Adds rows.
    Insert,
    /// Changes rows.
    Update,
    /// Removes rows.
    Delete,
    /// Removes all rows; row security never filters it.
    Truncate,
    /// Makes foreign keys to it, which tell whether a row exists; row security never filters it.
    References,
}

impl AccessCommand {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Select, Self::Insert, Self::Update, Self::Delete, Self::Truncate, Self::References];

    /// As in SQL.
    pub fn as_str(self) -> &'static str {
        self.privilege().as_str()
    }

    /// The right that it needs.
    pub fn privilege(self) -> Privilege {
        match self {
            Self::Select => Privilege::Select,
            Self::Insert => Privilege::Insert,
            Self::Update => Privilege::Update,
            Self::Delete => Privilege::Delete,
            Self::Truncate => Privilege::Truncate,
            Self::References => Privilege::References,
        }
    }

    /// The command of the policies that decide about it.
    pub fn policy_command(self) -> Option<PolicyCommand> {
        match self {
            Self::Select => Some(PolicyCommand::Select),
            Self::Insert => Some(PolicyCommand::Insert),
            Self::Update => Some(PolicyCommand::Update),
            Self::Delete => Some(PolicyCommand::Delete),
            Self::Truncate | Self::References => None,
        }
    }
}

/// How many rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// None at all.
    None,
    /// Those that a condition admits.
    Some,
    /// All of them.
    All,
}

impl Verdict {
    /// `none`, `some`, `all`
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Some => "some",
            Self::All => "all",
        }
    }
}

/// Why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// The role may not use the schema.
    NoSchemaUsage,
    /// The role does not hold the right.
    NoPrivilege,
    /// Row security is on and no permissive policy is for this role and command.
    NoPolicy,
    /// Policies decide.
    Policies,
    /// Row security is off.
    RowSecurityOff,
    /// Relations of this kind have no row security.
    NoRowSecurity,
    /// Row security does not filter this command.
    NeverFiltered,
    /// The role is a superuser.
    Superuser,
    /// The role has `BYPASSRLS`.
    Bypasses,
    /// The role has the rights of the owner, whom row security does not bind without `FORCE`.
    Owner,
    /// The statement fails: its policies lead back to their table, 42P17.
    Recursion,
    /// The statement fails: a policy reads what the role may not read, 42501.
    PolicyDenied,
    /// It is a view: what is behind it decides.
    View,
    /// It is a view that reads with the rights of its owner, whom row security does not bind.
    DefinerView,
    /// It is a view that cannot be written.
    NotUpdatable,
    /// Whoever the view reads for may not read a relation behind it.
    BaseDenied,
}

impl Why {
    /// For people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoSchemaUsage => "no USAGE on the schema",
            Self::NoPrivilege => "no privilege",
            Self::NoPolicy => "no policy admits it",
            Self::Policies => "policies",
            Self::RowSecurityOff => "row security is off",
            Self::NoRowSecurity => "no row security for this kind of relation",
            Self::NeverFiltered => "never filtered by row security",
            Self::Superuser => "superuser",
            Self::Bypasses => "BYPASSRLS",
            Self::Owner => "owner, not forced",
            Self::Recursion => "its policies recurse: the statement fails with 42P17",
            Self::PolicyDenied => "a policy reads what the role may not: the statement fails with 42501",
            Self::View => "what is behind the view",
            Self::DefinerView => "the view reads as its owner, whom row security does not bind",
            Self::NotUpdatable => "the view cannot be written",
            Self::BaseDenied => "a relation behind the view may not be read",
        }
    }
}

/// A condition made of policies.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Predicate {
    /// As SQL; `false` if no policy admits anything.
    pub sql: String,
    /// The policies in it, permissive ones first.
    pub policies: Vec<String>,
}

/// What a role can do with one command to the rows of one relation.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Cell {
    /// The role.
    pub role: String,
    /// `schema.name`
    pub table: String,
    /// The command.
    pub command: AccessCommand,
    /// How many rows a statement that reads no column reaches.
    pub verdict: Verdict,
    /// Why.
    pub why: Why,
    /// The columns, if not all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub columns: Option<Vec<String>>,
    /// Which rows a statement reaches that reads no column: `delete from t`.
    #[serde(rename = "rows_where", skip_serializing_if = "Option::is_none", serialize_with = "sql_of")]
    pub rows: Option<Predicate>,
    /// Which rows one reaches that reads a column: `delete from t where id = 1`.
    #[serde(rename = "targeted_rows_where", skip_serializing_if = "Option::is_none", serialize_with = "sql_of")]
    pub targeted_rows: Option<Predicate>,
    /// Which new rows it may make.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "sql_of")]
    pub check: Option<Predicate>,
}

impl Cell {
    /// The policies that decide.
    pub fn policies(&self) -> Vec<&str> {
        let mut names: Vec<&str> = [&self.rows, &self.check]
            .into_iter()
            .flatten()
            .flat_map(|it| it.policies.iter().map(String::as_str))
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

#[allow(clippy::ref_option, reason = "the form that serde asks for")]
fn sql_of<S: serde::Serializer>(it: &Option<Predicate>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(it.as_ref().map_or("", |it| &it.sql))
}
