//! Rights of roles.

use crate::Oid;
use crate::facts::{Facts, Grant, Privilege, Relation};
use std::collections::{BTreeMap, BTreeSet};

/// Which role has the rights of which others without `SET ROLE`.
#[derive(Debug, Default)]
pub struct Rights {
    of: BTreeMap<Oid, BTreeSet<Oid>>,
    superusers: BTreeSet<Oid>,
    readers: Option<Oid>,
    writers: Option<Oid>,
}

/// What of a relation a right is held on.
pub(crate) enum Held {
    Nothing,
    /// These columns.
    Columns(Vec<String>),
    Everything,
}

impl Rights {
    /// Follows the memberships that pass rights on.
    pub fn new(facts: &Facts) -> Self {
        let mut groups: BTreeMap<Oid, Vec<Oid>> = BTreeMap::new();
        for membership in facts.memberships.iter().filter(|it| it.inherits) {
            groups.entry(membership.member).or_default().push(membership.group);
        }
        let closure = |role: Oid| {
            let (mut all, mut left) = (BTreeSet::from([role]), vec![role]);
            while let Some(role) = left.pop() {
                left.extend(groups.get(&role).into_iter().flatten().filter(|it| all.insert(**it)));
            }
            all
        };
        Self {
            of: facts.roles.keys().map(|it| (*it, closure(*it))).collect(),
            superusers: facts.roles.iter().filter(|(_, it)| it.superuser).map(|(oid, _)| *oid).collect(),
            readers: facts.role_named("pg_read_all_data"),
            writers: facts.role_named("pg_write_all_data"),
        }
    }

    /// Whether `role` has the rights of `other` without `SET ROLE`; everybody has those of `PUBLIC`.
    pub fn has_rights_of(&self, role: Oid, other: Oid) -> bool {
        other == Oid::NONE || role == other || self.of.get(&role).is_some_and(|it| it.contains(&other))
    }

    /// Whether a role holds a right that is granted to it, to a role whose rights it has, or to everybody.
    pub fn holds(&self, role: Oid, grants: &[Grant], privilege: Privilege) -> bool {
        self.superusers.contains(&role)
            || grants.iter().any(|it| it.privilege == privilege && self.has_rights_of(role, it.grantee))
    }

    /// Whether a role may use a schema; schemas that are not known are the system's, which everybody may use.
    pub fn may_use_schema(&self, facts: &Facts, role: Oid, schema: Oid) -> bool {
        let data = [self.readers, self.writers].into_iter().flatten().any(|it| self.has_rights_of(role, it));
        data || facts.schemas.get(&schema).is_none_or(|it| self.holds(role, &it.grants, Privilege::Usage))
    }

    pub(crate) fn on_relation(&self, role: Oid, relation: &Relation, privilege: Privilege) -> Held {
        let everything = match privilege {
            Privilege::Select => self.readers,
            Privilege::Insert | Privilege::Update | Privilege::Delete => self.writers,
            _ => None,
        };
        if everything.is_some_and(|it| self.has_rights_of(role, it)) || self.holds(role, &relation.grants, privilege) {
            return Held::Everything;
        }
        let columns = relation.columns.iter().filter(|it| self.holds(role, &it.grants, privilege));
        let mut columns: Vec<String> = columns.map(|it| it.name.clone()).collect();
        // By name: the order of columns depends on how a table came to be.
        columns.sort();
        if columns.is_empty() { Held::Nothing } else { Held::Columns(columns) }
    }

    /// Whether a role may call a function, ignoring its schema.
    pub fn may_execute(&self, role: Oid, grants: &[Grant]) -> bool {
        self.holds(role, grants, Privilege::Execute)
    }
}
