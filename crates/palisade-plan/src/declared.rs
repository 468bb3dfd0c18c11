//! What shall be true of access, as a server has read it from the policy files.

use std::collections::BTreeSet;

use palisade_catalog::{Catalog, ObjectKey};

/// Which side of an object is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// That it is there, and what it is. Of a view only its options.
    Definition,
    /// Who may do what with it.
    Privileges,
    /// What is said about it.
    Comment,
}

impl Side {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Definition, Self::Privileges, Self::Comment];
}

/// One side of one object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct Decided {
    /// The object. One that the catalog beside it does not hold shall not be there.
    pub object: ObjectKey,
    /// Its side.
    pub side: Side,
}

/// What shall be true of access once the policy files count: the same on every database that they are brought to.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Declared {
    /// The objects, as they shall be. Only the sides in `decided` mean something.
    pub catalog: Catalog,
    /// What the files decide; all else stays as it is.
    pub decided: BTreeSet<Decided>,
    /// The roles that the files can know of; rights of others stay as they are. `""` is PUBLIC.
    pub roles: BTreeSet<String>,
}

impl Declared {
    /// The tables whose policies are declared: those that are on them and not in here are nobody's.
    pub fn tables(&self) -> BTreeSet<(&str, &str)> {
        let kinds = [palisade_catalog::ObjectKind::Policy, palisade_catalog::ObjectKind::RowSecurity];
        self.decided.iter().filter(|it| kinds.contains(&it.object.kind)).map(|it| it.object.relation()).collect()
    }
}

/// What a plan has seen of access on its target, and what it makes of that.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Foreseen {
    /// SHA-256 of what decides over access, as the server has computed it.
    pub state: String,
    /// The statements that lead from there to what is declared.
    pub statements: Vec<String>,
}
