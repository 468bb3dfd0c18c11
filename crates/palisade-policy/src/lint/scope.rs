//! What rules look at, and the questions that several of them ask.

use crate::Oid;
use crate::access::{Access, Verdict};
use crate::expr::{ColumnRef, Expr, Query, SessionValue, SubLinkKind, Value};
use crate::facts::{Facts, Function, Policy, PolicyCommand, Privilege, Relation, RelationKind};
use crate::formula::{Atom, Ref, Space, View};
use palisade_sql::quote_ident;
use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

/// What rules look at.
#[derive(Debug)]
pub struct Scope<'a, 'f> {
    pub(crate) access: &'a Access<'f>,
    /// The relations that findings may be about.
    pub(crate) relations: Vec<&'f Relation>,
    /// The roles of the application that row security binds.
    pub(crate) api: Vec<Oid>,
    /// The roles of the application, bound or not.
    pub(crate) application: Vec<Oid>,
    /// The schemas that findings about functions may be about.
    pub(crate) schemas: &'a BTreeSet<String>,
    /// What was worked out of the table that was asked about last: rules ask in pairs of policies.
    worked_out: RefCell<WorkedOut<'f>>,
}

/// Formulas of the conditions of one table.
#[derive(Debug)]
struct WorkedOut<'f> {
    relation: Oid,
    space: Space<'f>,
    true_where: HashMap<Expr, Ref>,
    bound: HashMap<Expr, bool>,
}

impl<'f> WorkedOut<'f> {
    fn new(facts: &'f Facts, relation: Oid) -> Self {
        Self { relation, space: Space::new(facts), true_where: HashMap::new(), bound: HashMap::new() }
    }

    fn true_where(&mut self, expr: &Expr) -> Ref {
        if let Some(known) = self.true_where.get(expr) {
            return *known;
        }
        let found = self.space.truth(expr, View { relation: self.relation, ..View::default() }).is_true;
        self.true_where.insert(expr.clone(), found);
        found
    }
}

/// The commands of policies, one by one.
pub(crate) const COMMANDS: [PolicyCommand; 4] =
    [PolicyCommand::Select, PolicyCommand::Insert, PolicyCommand::Update, PolicyCommand::Delete];

impl<'a, 'f> Scope<'a, 'f> {
    pub(crate) fn new(access: &'a Access<'f>, relations: &[Oid], roles: &[Oid], schemas: &'a BTreeSet<String>) -> Self {
        let facts = access.facts;
        let mut relations: Vec<&Relation> = relations.iter().filter_map(|it| facts.relations.get(it)).collect();
        relations.sort_by_key(|it| (it.schema_name.clone(), it.name.clone()));
        let bound = |it: &&Oid| facts.roles.get(it).is_some_and(|it| !it.superuser && !it.bypasses);
        let api = roles.iter().filter(bound).copied().collect();
        let worked_out = RefCell::new(WorkedOut::new(facts, Oid::NONE));
        Self { access, relations, api, application: roles.to_vec(), schemas, worked_out }
    }

    pub(crate) fn facts(&self) -> &'f Facts {
        self.access.facts
    }

    /// Tables and partitioned ones.
    pub(crate) fn tables(&self) -> impl Iterator<Item = &'f Relation> + '_ {
        self.relations.iter().copied().filter(|it| it.kind.has_row_security())
    }

    /// Those of which row security is on.
    pub(crate) fn protected(&self) -> impl Iterator<Item = &'f Relation> + '_ {
        self.tables().filter(|it| it.row_security)
    }

    pub(crate) fn of_kind(&self, kind: RelationKind) -> impl Iterator<Item = &'f Relation> + '_ {
        self.relations.iter().copied().filter(move |it| it.kind == kind)
    }

    /// All policies, with their tables.
    pub(crate) fn policies(&self) -> impl Iterator<Item = (&'f Relation, &'f Policy)> + '_ {
        self.tables().flat_map(|table| self.facts().policies_of(table.oid).iter().map(move |it| (table, it)))
    }

    /// Functions of users in the schemas.
    pub(crate) fn functions(&self) -> impl Iterator<Item = (Oid, &'f Function)> + '_ {
        let all = self.facts().functions.iter().filter(|(_, it)| !it.foreign && self.schemas.contains(&it.schema));
        all.map(|(oid, it)| (*oid, it))
    }

    /// The roles that a policy is written for and that row security binds; of `PUBLIC`, those of the application.
    pub(crate) fn subjects(&self, policy: &Policy) -> Vec<Oid> {
        let mut roles: Vec<Oid> =
            if policy.roles.contains(&Oid::NONE) { self.api.clone() } else { policy.roles.clone() };
        roles.retain(|it| self.facts().roles.get(it).is_some_and(|it| !it.superuser && !it.bypasses));
        roles
    }

    /// The subjects of any policy of a table, and the roles of the application.
    pub(crate) fn roles_of(&self, table: &Relation) -> BTreeSet<Oid> {
        let policies = self.facts().policies_of(table.oid).iter();
        self.api.iter().copied().chain(policies.flat_map(|it| self.subjects(it))).collect()
    }

    pub(crate) fn role(&self, role: Oid) -> String {
        self.facts().role_name(role)
    }

    pub(crate) fn names(&self, roles: &[Oid]) -> String {
        roles.iter().map(|it| self.role(*it)).collect::<Vec<_>>().join(", ")
    }

    /// The roles of the application that hold any of these rights on a relation or a column of it.
    pub(crate) fn holders(&self, relation: &Relation, privileges: &[Privilege]) -> Vec<Oid> {
        let any = |role: &&Oid| privileges.iter().any(|it| self.access.may(**role, relation, *it));
        self.api.iter().filter(any).copied().collect()
    }

    pub(crate) fn may(&self, role: Oid, relation: &Relation, command: PolicyCommand) -> bool {
        self.access.may(role, relation, privilege(command))
    }

    pub(crate) fn space(&self) -> Space<'f> {
        Space::new(self.facts())
    }

    /// Whether a condition admits every row.
    pub(crate) fn is_always(&self, expr: &Expr, relation: Oid) -> bool {
        let mut space = self.space();
        let truth = space.truth(expr, View { relation, ..View::default() });
        let not = space.bdd.without(Ref::TRUE, truth.is_true);
        !space.can_be(not)
    }

    /// Whether all rows for which `left` holds are such for which `right` does.
    pub(crate) fn implies(&self, left: Option<&Expr>, right: Option<&Expr>, relation: Oid) -> bool {
        let told = self.with_worked_out(relation, |it| {
            let (left, right) = (left.map(|expr| it.true_where(expr)), right.map(|expr| it.true_where(expr)));
            let told = it.space.implies(left.unwrap_or(Ref::FALSE), right.unwrap_or(Ref::FALSE));
            (!it.space.bdd.is_overflown()).then_some(told)
        });
        told.unwrap_or_else(|| {
            // Those of the whole table are too many at once.
            let mut alone = WorkedOut::new(self.facts(), relation);
            let (left, right) = (left.map(|expr| alone.true_where(expr)), right.map(|expr| alone.true_where(expr)));
            alone.space.implies(left.unwrap_or(Ref::FALSE), right.unwrap_or(Ref::FALSE))
        })
    }

    fn with_worked_out<R>(&self, relation: Oid, ask: impl FnOnce(&mut WorkedOut<'f>) -> R) -> R {
        let mut worked_out = self.worked_out.borrow_mut();
        if worked_out.relation != relation || worked_out.space.bdd.is_overflown() {
            *worked_out = WorkedOut::new(self.facts(), relation);
        }
        ask(&mut worked_out)
    }

    /// Whether a condition holds for no row without something that depends on the caller.
    pub(crate) fn is_bound(&self, expr: &Expr, relation: Oid) -> bool {
        if let Some(known) = self.with_worked_out(relation, |it| it.bound.get(expr).copied()) {
            return known;
        }
        let bound = self.find_bound(expr, relation);
        self.with_worked_out(relation, |it| it.bound.insert(expr.clone(), bound));
        bound
    }

    fn find_bound(&self, expr: &Expr, relation: Oid) -> bool {
        let mut space = self.space();
        let truth = space.truth(expr, View { relation, ..View::default() }).is_true;
        let signed_in = self.for_signed_in(&mut space, truth);
        let unbound = space.without_atoms(signed_in, |it| self.access.bodies.mentions_caller(it));
        !space.can_be(unbound)
    }

    /// What is left of a formula for a caller of whom only is known that it is signed in.
    pub(crate) fn for_signed_in(&self, space: &mut Space<'f>, it: Ref) -> Ref {
        let mut left = it;
        for (atom, variable) in space.atoms(it) {
            let value = match &atom {
                Atom::Null(expr) => self.says_who(expr).then_some(false),
                Atom::True(expr) => self.role_test(expr),
                Atom::FalseElseNull(_) => None,
            };
            if let Some(value) = value {
                left = space.bdd.given(left, &[variable].into(), value);
            }
        }
        left
    }

    /// For `auth.role() = 'authenticated'`, whether it holds for whoever is signed in.
    fn role_test(&self, expr: &Expr) -> Option<bool> {
        let Expr::Operator { args, .. } = expr else { return None };
        let [role, value] = args.as_slice() else { return None };
        let (role, value) = if role.value().is_some() { (value, role) } else { (role, value) };
        let Some(Value::Text(value)) = value.core().value() else { return None };
        let is_role = self.says_who(role) || matches!(role.core(), Expr::Session(SessionValue::CurrentUser));
        (is_role && ["anon", "authenticated", "service_role"].contains(&value.as_str()))
            .then_some(value == "authenticated")
    }

    /// Whether an expression says no more about the caller than every token does: no claim that an administrator grants.
    fn says_who(&self, expr: &Expr) -> bool {
        const CLAIMS: [&str; 7] = ["", "{}", "sub", "role", "email", "aud", "session_id"];
        let mut ordinary = self.access.bodies.mentions_caller(expr);
        expr.walk(&mut |it, _| match it {
            Expr::Const { value: Value::Text(text), .. } => {
                ordinary &= CLAIMS.contains(&text.as_str()) || text.starts_with("request.jwt.claim");
            }
            Expr::Call { function, .. } if self.access.bodies.is_caller(it) => {
                let function = self.facts().functions.get(function);
                ordinary &= function.is_some_and(|it| it.schema == "auth" || it.foreign);
            }
            _ => {}
        });
        ordinary && expr.own_columns().is_empty() && expr.relations().is_empty()
    }

    /// Whether a query depends on the caller, itself or through views.
    pub(crate) fn asks_caller(&self, query: &Query) -> bool {
        let (mut seen, mut left) = (BTreeSet::new(), vec![query]);
        while let Some(query) = left.pop() {
            if self.access.bodies.query_mentions_caller(query) {
                return true;
            }
            query.walk_queries(&mut |it, _| {
                for (_, relation) in it.tables().filter(|(_, it)| seen.insert(*it)) {
                    left.extend(self.facts().views.get(&relation).into_iter().flatten());
                }
            });
        }
        false
    }

    /// Whether policies let a role reach anything with a command.
    pub(crate) fn reaches(&self, role: Oid, relation: &Relation, command: PolicyCommand) -> bool {
        let composed = match command {
            PolicyCommand::Insert => self.access.checks(role, relation.oid, command),
            _ => self.access.rows(role, relation.oid, command),
        };
        let name = self.role(role);
        let view = View { relation: relation.oid, role: Some(&name), ..View::default() };
        composed.verdict(&mut self.space(), view) != Verdict::None
    }

    /// The relations behind a view, through further views, with whom each is read as, if the view is read by `caller`. Those behind
    /// a view with `security_invoker` are read as the caller, whatever view that is in.
    pub(crate) fn behind(&self, view: &Relation, caller: Oid) -> Vec<(&'f Relation, Oid)> {
        let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
        let mut left = vec![(view.oid, caller)];
        while let Some((oid, reader)) = left.pop() {
            let Some(relation) = self.facts().relations.get(&oid).filter(|_| seen.insert((oid, reader))) else {
                continue;
            };
            if relation.oid != view.oid {
                found.push((relation, reader));
            }
            // Reading a materialized view reads nothing behind it; making one does.
            if relation.kind == RelationKind::View || relation.kind == view.kind {
                let reader = if relation.kind == RelationKind::View {
                    self.access.reader(caller, relation)
                } else {
                    relation.owner
                };
                left.extend(self.access.behind(oid).into_iter().map(|it| (it, reader)));
            }
        }
        found
    }

    pub(crate) fn quoted_roles(&self, roles: &[Oid]) -> String {
        let name =
            |it: &Oid| if *it == Oid::NONE { "public".to_owned() } else { quote_ident(&self.role(*it)).into_owned() };
        roles.iter().map(name).collect::<Vec<_>>().join(", ")
    }

    pub(crate) fn column(&self, relation: Oid, number: i32) -> String {
        self.facts().column(relation, number).map_or_else(|| format!("column {number}"), |it| it.name.clone())
    }
}

/// The right that a command of a policy needs.
pub(crate) fn privilege(command: PolicyCommand) -> Privilege {
    match command {
        PolicyCommand::Select | PolicyCommand::All => Privilege::Select,
        PolicyCommand::Insert => Privilege::Insert,
        PolicyCommand::Update => Privilege::Update,
        PolicyCommand::Delete => Privilege::Delete,
    }
}

/// A sub-select that reads a table.
pub(crate) struct Inner<'e> {
    pub(crate) kind: SubLinkKind,
    pub(crate) test: Option<&'e Expr>,
    pub(crate) query: &'e Query,
    /// How many queries stand around it, itself not counted.
    pub(crate) depth: usize,
}

/// All sub-selects in a condition that read something.
pub(crate) fn sub_selects(expr: &Expr) -> Vec<Inner<'_>> {
    let mut found = Vec::new();
    expr.walk(&mut |it, depth| {
        if let Expr::SubLink { kind, test, query } = it
            && query.single_value().is_none()
        {
            found.push(Inner { kind: *kind, test: test.as_deref(), query, depth });
        }
    });
    found
}

/// `drop policy … on …;`
pub(crate) fn drop_policy(relation: &Relation, policy: &Policy) -> String {
    format!("drop policy {} on {};", quote_ident(&policy.name), relation.quoted())
}

/// Both sides of what is an equality, whatever stands around them.
pub(crate) fn equality<'e>(facts: &Facts, expr: &'e Expr) -> Option<(&'e Expr, &'e Expr)> {
    match expr {
        Expr::Operator { operator, args, .. } if facts.operators.get(operator).is_some_and(|it| it.equality) => {
            match args.as_slice() {
                [left, right] => Some((left.core(), right.core())),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Columns of the relations of the query itself that an expression in it mentions: relation and column.
pub(crate) fn columns_at(expr: &Expr, level: usize) -> BTreeSet<(usize, i32)> {
    let mut all = BTreeSet::new();
    expr.walk(&mut |it, depth| {
        if let Expr::Column(ColumnRef { level: found, relation, column, .. }) = it
            && *found == level + depth
        {
            all.insert((*relation, *column));
        }
    });
    all
}
