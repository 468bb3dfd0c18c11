//! Rights.

use crate::Oid;

/// A [right](https://www.postgresql.org/docs/current/ddl-priv.html).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Privilege {
    /// Read rows.
    Select,
    /// Add rows.
    Insert,
    /// Change rows.
    Update,
    /// Remove rows.
    Delete,
    /// Remove all rows.
    Truncate,
    /// Make foreign keys to it.
    References,
    /// Make triggers on it.
    Trigger,
    /// `VACUUM`, `ANALYZE` and their like, from version 17.
    Maintain,
    /// Call it.
    Execute,
    /// Look inside it.
    Usage,
    /// Make something in it.
    Create,
    /// Any that a later version adds.
    #[serde(other)]
    Other,
}

impl Privilege {
    /// As in SQL.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Select => "SELECT",
            Self::Insert => "INSERT",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
            Self::Truncate => "TRUNCATE",
            Self::References => "REFERENCES",
            Self::Trigger => "TRIGGER",
            Self::Maintain => "MAINTAIN",
            Self::Execute => "EXECUTE",
            Self::Usage => "USAGE",
            Self::Create => "CREATE",
            Self::Other => "OTHER",
        }
    }
}

/// That a role holds a right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    /// Who; [`Oid::NONE`] is `PUBLIC`.
    pub grantee: Oid,
    /// Which.
    pub privilege: Privilege,
}

impl<'de> serde::Deserialize<'de> for Grant {
    /// From `[grantee, "PRIVILEGE"]`, which is short: there are many.
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (grantee, privilege) = serde::Deserialize::deserialize(deserializer)?;
        Ok(Self { grantee, privilege })
    }
}
