//! Who can do what to which rows.

mod cell;
mod compose;
mod door;
mod equivalent;
mod rights;
mod view;

use crate::Oid;
use crate::body::Bodies;
use crate::facts::{Facts, Policy, PolicyCommand, Privilege, Relation};
use crate::formula::{Space, View};
pub(crate) use compose::Composed;
use std::collections::{BTreeMap, BTreeSet};

pub use cell::{AccessCommand, Cell, Predicate, Verdict, Why};
pub use door::{Door, DoorKind};
pub use rights::Rights;

/// Facts, with what follows from them for all questions.
#[derive(Debug)]
pub struct Access<'f> {
    /// What was read.
    pub facts: &'f Facts,
    /// What functions do.
    pub bodies: Bodies,
    /// Which role has the rights of which.
    pub rights: Rights,
    /// Children of relations, by partitioning or inheritance.
    pub children: BTreeMap<Oid, Vec<Oid>>,
}

impl<'f> Access<'f> {
    /// Draws the conclusions that all questions need.
    pub fn new(facts: &'f Facts) -> Self {
        let mut children: BTreeMap<Oid, Vec<Oid>> = BTreeMap::new();
        for relation in facts.relations.values() {
            for parent in &relation.parents {
                children.entry(*parent).or_default().push(relation.oid);
            }
        }
        Self { facts, bodies: Bodies::new(facts), rights: Rights::new(facts), children }
    }

    /// The roles that decide about applications: all but superusers and those that the system brings.
    pub fn roles(&self) -> Vec<Oid> {
        let roles = self.facts.roles.iter().filter(|(_, it)| !it.superuser && !it.name.starts_with("pg_"));
        roles.map(|(oid, _)| *oid).collect()
    }

    /// All cells of some roles and relations, by table, role and command.
    pub fn matrix(&self, roles: &[Oid], relations: &[Oid]) -> Vec<Cell> {
        let mut names: Vec<(String, Oid)> = roles.iter().map(|it| (self.facts.role_name(*it), *it)).collect();
        names.sort();
        let mut tables: Vec<(String, &Relation)> =
            relations.iter().filter_map(|it| self.facts.relations.get(it)).map(|it| (it.qualified(), it)).collect();
        tables.sort_by(|a, b| a.0.cmp(&b.0));
        let mut cells = Vec::with_capacity(names.len() * tables.len() * AccessCommand::ALL.len());
        for (_, relation) in &tables {
            for (_, role) in &names {
                cells.extend(AccessCommand::ALL.iter().map(|it| self.cell(*role, relation, *it)));
            }
        }
        cells
    }

    /// The children of a relation, at any depth.
    pub fn descendants(&self, relation: Oid) -> BTreeSet<Oid> {
        let (mut all, mut left) = (BTreeSet::new(), vec![relation]);
        while let Some(parent) = left.pop() {
            left.extend(self.children.get(&parent).into_iter().flatten().filter(|it| all.insert(**it)));
        }
        all
    }

    /// What a role can do with one command to the rows of one relation.
    pub fn cell(&self, role: Oid, relation: &Relation, command: AccessCommand) -> Cell {
        let mut cell = Cell {
            role: self.facts.role_name(role),
            table: relation.qualified(),
            command,
            verdict: Verdict::None,
            why: Why::NoPrivilege,
            columns: None,
            rows: None,
            targeted_rows: None,
            check: None,
        };
        if !self.rights.may_use_schema(self.facts, role, relation.schema) {
            cell.why = Why::NoSchemaUsage;
            return cell;
        }
        match self.rights.on_relation(role, relation, command.privilege()) {
            rights::Held::Nothing => return cell,
            rights::Held::Columns(columns) => cell.columns = Some(columns),
            rights::Held::Everything => {}
        }
        cell.verdict = Verdict::All;
        let Some(why) = self.bypass(role, relation, command) else {
            let name = cell.role.clone();
            return self.filtered(role, relation, cell, Some(&name));
        };
        cell.why = why;
        if let (Why::View, false) = (cell.why, self.facts.views.get(&relation.oid).is_none_or(Vec::is_empty)) {
            return self.through_view(role, relation, cell, 0);
        }
        cell
    }

    /// Why row security does not apply, if it does not.
    fn bypass(&self, role: Oid, relation: &Relation, command: AccessCommand) -> Option<Why> {
        use crate::facts::RelationKind;
        if matches!(relation.kind, RelationKind::View) {
            return Some(Why::View);
        }
        if !relation.kind.has_row_security() {
            return Some(Why::NoRowSecurity);
        }
        if command.policy_command().is_none() {
            return Some(Why::NeverFiltered);
        }
        if !relation.row_security {
            return Some(Why::RowSecurityOff);
        }
        self.exempt(role, relation)
    }

    /// Why a role is exempt from the row security of a relation that has it switched on.
    pub fn exempt(&self, role: Oid, relation: &Relation) -> Option<Why> {
        let known = self.facts.roles.get(&role)?;
        if known.superuser {
            return Some(Why::Superuser);
        }
        if known.bypasses {
            return Some(Why::Bypasses);
        }
        (self.rights.has_rights_of(role, relation.owner) && !relation.forced).then_some(Why::Owner)
    }

    /// Whether row security decides what a role sees of a relation.
    pub fn is_filtered(&self, role: Oid, relation: &Relation) -> bool {
        relation.kind.has_row_security() && relation.row_security && self.exempt(role, relation).is_none()
    }

    /// The policies of a relation that bind a role for a command.
    pub fn policies(&self, role: Oid, relation: Oid, command: PolicyCommand) -> impl Iterator<Item = &'f Policy> + '_ {
        let all = self.facts.policies_of(relation).iter();
        all.filter(move |it| it.command.covers(command) && self.binds(it, role))
    }

    /// Whether a policy is for a role.
    pub fn binds(&self, policy: &Policy, role: Oid) -> bool {
        policy.roles.iter().any(|it| *it == Oid::NONE || self.rights.has_rights_of(role, *it))
    }

    /// `current` is what `current_user` is there, if that is known.
    fn filtered(&self, role: Oid, relation: &Relation, mut cell: Cell, current: Option<&str>) -> Cell {
        let Some(command) = cell.command.policy_command() else { return cell };
        let mut space = Space::new(self.facts);
        let view = View { relation: relation.oid, role: current, ..View::default() };
        let rows = (command != PolicyCommand::Insert).then(|| self.rows(role, relation.oid, command));
        let check = matches!(command, PolicyCommand::Insert | PolicyCommand::Update)
            .then(|| self.checks(role, relation.oid, command));
        let select = matches!(command, PolicyCommand::Update | PolicyCommand::Delete)
            .then(|| self.rows(role, relation.oid, PolicyCommand::Select));
        let decides = rows.as_ref().or(check.as_ref());
        let decided = decides.map_or(Verdict::All, |it| it.verdict(&mut space, view));
        // New rows that are never admitted let no statement through.
        let checked = check.as_ref().map_or(Verdict::All, |it| it.verdict(&mut space, view));
        cell.verdict = if checked == Verdict::None { Verdict::None } else { decided };
        cell.why = if decides.is_some_and(|it| it.permissive.is_empty()) { Why::NoPolicy } else { Why::Policies };
        cell.targeted_rows = rows.as_ref().zip(select.as_ref()).map(|(rows, select)| {
            let (reached, seen) = (rows.truth(&mut space, view).is_true, select.truth(&mut space, view).is_true);
            // Where every row that is reached may be read, both kinds of statements reach the same.
            if space.implies(reached, seen) { rows.predicate() } else { rows.and(select).predicate() }
        });
        cell.rows = rows.map(|it| it.predicate());
        cell.check = check.map(|it| it.predicate());
        if cell.why == Why::Policies
            && let Some(why) = self.failure(role, relation.oid, command)
        {
            // What is true anyhow is folded away before anybody asks for rights.
            if why == Why::Recursion || cell.verdict != Verdict::All {
                (cell.verdict, cell.why) = (Verdict::None, why);
            }
        }
        cell
    }

    /// Why every statement of this kind fails, if it does.
    fn failure(&self, role: Oid, relation: Oid, command: PolicyCommand) -> Option<Why> {
        let read: BTreeSet<Oid> = self
            .policies(role, relation, command)
            .flat_map(|policy| {
                let rows = policy.using.iter().filter(|_| command != PolicyCommand::Insert);
                let writes = matches!(command, PolicyCommand::Insert | PolicyCommand::Update);
                rows.chain(policy.check().into_iter().filter(move |_| writes))
            })
            .flat_map(|it| it.expr.relations())
            .collect();
        if read.is_empty() {
            return None;
        }
        let denied =
            |it: &Relation| matches!(self.rights.on_relation(role, it, Privilege::Select), rights::Held::Nothing);
        if crate::recursion::Recursion::new(self).of_statement(role, relation, command).is_some() {
            return Some(Why::Recursion);
        }
        read.iter().filter_map(|it| self.facts.relations.get(it)).any(denied).then_some(Why::PolicyDenied)
    }

    /// The rows that a role reaches with a command.
    pub(crate) fn rows(&self, role: Oid, relation: Oid, command: PolicyCommand) -> Composed<'f> {
        Composed::of(self.policies(role, relation, command), |it| it.using.as_ref())
    }

    /// The new rows that a role may make with a command.
    pub(crate) fn checks(&self, role: Oid, relation: Oid, command: PolicyCommand) -> Composed<'f> {
        Composed::of(self.policies(role, relation, command), Policy::check)
    }

    /// Whether a role holds a right on all of a relation, or on a column of it, and can get at it through its schema.
    pub fn may(&self, role: Oid, relation: &Relation, privilege: Privilege) -> bool {
        self.rights.may_use_schema(self.facts, role, relation.schema)
            && !matches!(self.rights.on_relation(role, relation, privilege), rights::Held::Nothing)
    }
}

/// The roles that have to do with some relations: those of the application, and all others but superusers and the system's that
/// own one, are granted something on one, or have a policy there.
pub fn concerned_roles(facts: &Facts, relations: &[Oid], application: &[Oid]) -> Vec<Oid> {
    let mut concerned: BTreeSet<Oid> = application.iter().copied().collect();
    for relation in relations.iter().filter_map(|it| facts.relations.get(it)) {
        let of_columns = relation.columns.iter().flat_map(|it| &it.grants);
        concerned.extend(relation.grants.iter().chain(of_columns).map(|it| it.grantee));
        concerned.extend(facts.policies_of(relation.oid).iter().flat_map(|it| &it.roles));
        concerned.insert(relation.owner);
    }
    let of_users = |it: &Oid| facts.roles.get(it).is_some_and(|it| !it.superuser && !it.name.starts_with("pg_"));
    concerned.into_iter().filter(of_users).collect()
}

/// The relations in schemas that are managed, and all others with policies: users write those. Those of extensions, and the history
/// table, are left out.
pub fn managed_relations(facts: &Facts, is_managed: impl Fn(&str) -> bool, history: Option<(&str, &str)>) -> Vec<Oid> {
    let is_history = |it: &Relation| history == Some((it.schema_name.as_str(), it.name.as_str()));
    let is_of_users = |it: &Relation| is_managed(&it.schema_name) || !facts.policies_of(it.oid).is_empty();
    let all = facts.relations.values();
    all.filter(|it| !it.of_extension && is_of_users(it) && !is_history(it)).map(|it| it.oid).collect()
}
