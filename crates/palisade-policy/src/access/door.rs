//! Ways around row security: what reaches rows of a protected table without asking its policies.

use crate::Oid;
use crate::access::Access;
use crate::facts::{Function, Privilege, Relation, RelationKind};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// What leads around.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DoorKind {
    /// A view that reads as its owner.
    View,
    /// A materialized view: rows that its owner saw.
    MaterializedView,
    /// A `SECURITY DEFINER` function.
    Function,
    /// A `SECURITY DEFINER` function behind a trigger.
    Trigger,
    /// A partition or child, which has row security of its own or none.
    Child,
    /// A parent, through which the rows of its children are reached by its own policies.
    Parent,
    /// What a foreign key does to rows that refer to one.
    ForeignKey,
}

impl DoorKind {
    /// For people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::View => "view",
            Self::MaterializedView => "materialized view",
            Self::Function => "function",
            Self::Trigger => "trigger",
            Self::Child => "child table",
            Self::Parent => "parent table",
            Self::ForeignKey => "foreign key",
        }
    }
}

/// One way around.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Door {
    /// The protected table.
    pub table: String,
    /// What leads around.
    pub kind: DoorKind,
    /// What it is called.
    pub object: String,
    /// Who may use it.
    pub roles: Vec<String>,
    /// What it does, for people.
    pub how: String,
    /// A digest of what exactly it does, of functions and views.
    pub digest: Option<String>,
    /// Whether rows are changed through it, not only read.
    pub writes: bool,
}

const ROWS: [Privilege; 4] = [Privilege::Select, Privilege::Insert, Privilege::Update, Privilege::Delete];

impl Access<'_> {
    /// The ways around the row security of these relations, for these roles; those whom row security does not bind need none.
    pub fn doors(&self, roles: &[Oid], relations: &[Oid]) -> Vec<Door> {
        let bound = |it: &&Oid| self.facts.roles.get(it).is_some_and(|it| !it.superuser && !it.bypasses);
        let roles: Vec<Oid> = roles.iter().filter(bound).copied().collect();
        let protected: BTreeSet<Oid> = relations
            .iter()
            .filter_map(|it| self.facts.relations.get(it))
            .filter(|it| it.row_security && it.kind.has_row_security())
            .map(|it| it.oid)
            .collect();
        let mut doors = Vec::new();
        self.views(&roles, &protected, &mut doors);
        self.functions(&roles, &protected, &mut doors);
        self.relatives(&roles, &protected, &mut doors);
        self.foreign_keys(&roles, &protected, &mut doors);
        doors.retain(|it| !it.roles.is_empty());
        doors.sort();
        doors.dedup();
        doors
    }

    fn who(&self, roles: &[Oid], may: impl Fn(Oid) -> bool) -> Vec<String> {
        let mut names: Vec<String> = roles.iter().filter(|it| may(**it)).map(|it| self.facts.role_name(*it)).collect();
        names.sort();
        names
    }

    /// All relations behind a view, with whom each is read as, if `caller` reads the view. A view with `security_invoker` reads as
    /// whoever runs the statement, wherever it stands.
    pub fn all_behind(&self, view: &Relation, caller: Oid) -> BTreeSet<(Oid, Oid)> {
        let (mut found, mut left) = (BTreeSet::new(), vec![(view.oid, caller)]);
        while let Some((oid, reader)) = left.pop() {
            let Some(relation) = self.facts.relations.get(&oid) else { continue };
            if oid != view.oid && !found.insert((oid, reader)) {
                continue;
            }
            let reader = match relation.kind {
                RelationKind::View => self.reader(caller, relation),
                // It was filled as its owner, and is not asked again.
                RelationKind::Materialized => relation.owner,
                RelationKind::Table | RelationKind::Partitioned | RelationKind::Foreign => continue,
            };
            left.extend(self.behind(oid).into_iter().map(|it| (it, reader)));
        }
        found
    }

    fn views(&self, roles: &[Oid], protected: &BTreeSet<Oid>, doors: &mut Vec<Door>) {
        let all = self.facts.relations.values();
        for view in all.filter(|it| matches!(it.kind, RelationKind::View | RelationKind::Materialized)) {
            let copies = view.kind == RelationKind::Materialized;
            let mut around: BTreeMap<Oid, Vec<String>> = BTreeMap::new();
            for role in roles.iter().filter(|role| ROWS.iter().any(|it| self.may(**role, view, *it))) {
                for (table, reader) in self.all_behind(view, *role) {
                    let open = copies
                        || reader != *role
                            && self.facts.relations.get(&table).is_some_and(|it| !self.is_filtered(reader, it));
                    if open && protected.contains(&table) {
                        around.entry(table).or_default().push(self.facts.role_name(*role));
                    }
                }
            }
            let owner = self.facts.role_name(view.owner);
            let (kind, how) = if copies {
                (DoorKind::MaterializedView, format!("holds rows as {owner} saw them"))
            } else {
                (DoorKind::View, format!("reads as {owner}"))
            };
            for (table, mut roles) in around {
                roles.sort();
                roles.dedup();
                let (table, object) = (self.facts.relation_name(table), view.qualified());
                let digest = self.facts.view_definitions.get(&view.oid).map(|it| digest(it));
                // A view may be written where it is simple, and a copy never is.
                doors.push(Door { table, kind, object, roles, how: how.clone(), digest, writes: !copies });
            }
        }
    }

    /// A digest of functions of users: of one and of those that it calls.
    pub(crate) fn digest_of(&self, functions: &BTreeSet<Oid>) -> String {
        let known = functions.iter().filter_map(|it| self.facts.functions.get(it)).filter(|it| it.is_of_users());
        let mut all: Vec<String> = known.map(|it| format!("{} {}", it.signature(), it.digest())).collect();
        all.sort();
        digest(&all.join("\n"))
    }

    /// Whether a role may call a function.
    pub fn may_call(&self, role: Oid, function: &Function) -> bool {
        let schema = self.facts.schemas.iter().find(|(_, it)| it.name == function.schema).map(|(oid, _)| *oid);
        self.rights.may_execute(role, &function.grants)
            && schema.is_none_or(|it| self.rights.may_use_schema(self.facts, role, it))
    }

    fn functions(&self, roles: &[Oid], protected: &BTreeSet<Oid>, doors: &mut Vec<Door>) {
        for (oid, function) in self.facts.functions.iter().filter(|(_, it)| it.security_definer && !it.foreign) {
            let reachable = self.bodies.reachable([*oid]);
            let bodies: Vec<_> = reachable.iter().filter_map(|it| self.bodies.of(*it)).collect();
            let code = self.digest_of(&reachable);
            let touched: BTreeSet<Oid> = bodies.iter().flat_map(|it| it.reads.union(&it.writes)).copied().collect();
            for table in protected.intersection(&touched) {
                let Some(relation) = self.facts.relations.get(table) else { continue };
                let reads = bodies.iter().any(|it| it.reads.contains(table));
                let writes = bodies.iter().any(|it| it.writes.contains(table));
                if !(reads || writes) || self.is_filtered(function.owner, relation) {
                    continue;
                }
                let what = match (reads, writes) {
                    (true, true) => "reads and writes",
                    (false, true) => "writes",
                    _ => "reads",
                };
                let caller = if self.bodies.session().contains(oid) { ", asks who calls" } else { "" };
                let how = format!("{what} as {}{caller}", self.facts.role_name(function.owner));
                if function.returns != "trigger" {
                    doors.push(Door {
                        table: relation.qualified(),
                        kind: DoorKind::Function,
                        object: function.signature(),
                        roles: self.who(roles, |it| self.may_call(it, function)),
                        how: how.clone(),
                        digest: Some(code.clone()),
                        writes,
                    });
                }
                for trigger in self.facts.triggers.iter().filter(|it| it.function == *oid) {
                    let Some(fired) = self.facts.relations.get(&trigger.relation) else { continue };
                    let fires = |role: Oid| {
                        ROWS.iter().any(|it| {
                            trigger.events.iter().any(|event| event == it.as_str()) && self.may(role, fired, *it)
                        })
                    };
                    doors.push(Door {
                        table: relation.qualified(),
                        kind: DoorKind::Trigger,
                        object: format!("{} on {}", trigger.name, fired.qualified()),
                        roles: self.who(roles, fires),
                        how: format!("{} {how}", function.signature()),
                        digest: Some(code.clone()),
                        writes,
                    });
                }
            }
        }
    }

    fn relatives(&self, roles: &[Oid], protected: &BTreeSet<Oid>, doors: &mut Vec<Door>) {
        for table in protected.iter().filter_map(|it| self.facts.relations.get(it)) {
            for child in self.descendants(table.oid).iter().filter_map(|it| self.facts.relations.get(it)) {
                let how = if child.row_security { "by its own policies" } else { "without any policy" };
                doors.push(Door {
                    table: table.qualified(),
                    kind: DoorKind::Child,
                    object: child.qualified(),
                    roles: self.who(roles, |it| ROWS.iter().any(|privilege| self.may(it, child, *privilege))),
                    how: format!("its rows {how}"),
                    digest: None,
                    writes: true,
                });
            }
            for parent in table.parents.iter().filter_map(|it| self.facts.relations.get(it)) {
                let how = if parent.row_security { "by the policies of the parent" } else { "without any policy" };
                doors.push(Door {
                    table: table.qualified(),
                    kind: DoorKind::Parent,
                    object: parent.qualified(),
                    roles: self.who(roles, |it| ROWS.iter().any(|privilege| self.may(it, parent, *privilege))),
                    how: format!("all rows here {how}"),
                    digest: None,
                    writes: true,
                });
            }
        }
    }

    fn foreign_keys(&self, roles: &[Oid], protected: &BTreeSet<Oid>, doors: &mut Vec<Door>) {
        for key in self.facts.foreign_keys.iter().filter(|it| protected.contains(&it.relation)) {
            let (Some(table), Some(referenced)) =
                (self.facts.relations.get(&key.relation), self.facts.relations.get(&key.referenced))
            else {
                continue;
            };
            let ways = [(&key.on_delete, Privilege::Delete), (&key.on_update, Privilege::Update)];
            for (action, privilege) in ways {
                let does = match action.as_str() {
                    "c" if privilege == Privilege::Delete => "deletes rows here",
                    "c" => "changes rows here",
                    "n" | "d" => "sets columns here",
                    _ => continue,
                };
                doors.push(Door {
                    table: table.qualified(),
                    kind: DoorKind::ForeignKey,
                    object: key.name.clone(),
                    roles: self.who(roles, |it| self.may(it, referenced, privilege)),
                    how: format!("{} on {} {does}", privilege.as_str(), referenced.qualified()),
                    digest: None,
                    writes: true,
                });
            }
        }
    }
}

/// The first digits of a hash.
fn digest(text: &str) -> String {
    hex::encode(&Sha256::digest(text)[..8])
}
