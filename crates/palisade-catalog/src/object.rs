//! Objects, and the catalog that holds them.

use std::collections::{BTreeMap, BTreeSet};

use crate::definition::Definition;
use crate::key::ObjectKey;
use crate::privileges::Privileges;

/// How strongly an object depends on another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strength {
    /// It keeps the other from being dropped.
    Normal,
    /// It is dropped together with the other.
    Auto,
}

/// One object.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Object {
    /// What it is.
    pub definition: Definition,
    /// Whose it is; none for what has no owner of its own.
    pub owner: Option<String>,
    /// Who may do what with it; none for what has no privileges.
    pub privileges: Option<Privileges>,
    /// What is said about it.
    pub comment: Option<String>,
    /// Security labels, by provider.
    pub labels: BTreeMap<String, String>,
    /// The objects without which it cannot be, as the server knows it.
    #[serde(with = "crate::snapshot::pairs")]
    pub needs: BTreeMap<ObjectKey, Strength>,
}

/// What the server said of itself when the catalog was read.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Server {
    /// Its version, as `server_version_num` counts: 150018.
    pub version: u32,
    /// The role that read.
    pub user: String,
    /// What an owner may do with an object of his if nobody revoked it: the letter of
    /// [`acldefault`](https://www.postgresql.org/docs/current/functions-info.html), the letters of the privileges.
    pub owner_privileges: BTreeMap<char, String>,
    /// Which types are cast to which without being asked: source, target, `i`mplicit, `a`ssignment or `e`xplicit.
    pub casts: BTreeSet<(String, String, char)>,
}

/// The objects of one database.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Catalog {
    /// What the server said of itself.
    pub server: Server,
    /// The objects.
    #[serde(with = "crate::snapshot::pairs")]
    pub objects: BTreeMap<ObjectKey, Object>,
}

impl Catalog {
    /// The object with this key.
    pub fn get(&self, key: &ObjectKey) -> Option<&Object> {
        self.objects.get(key)
    }

    /// Only the objects that `keep` says yes to.
    #[must_use]
    pub fn only(mut self, keep: impl Fn(&ObjectKey, &Object) -> bool) -> Self {
        self.objects.retain(|key, object| keep(key, object));
        self
    }
}
