//! The facts of two databases with numbers that mean the same in both.
//!
//! Objects get their number by name. Those of the system keep theirs, which are the same everywhere. A function gets it by what it
//! does as well, so that a policy that calls one that was changed is not taken for the same policy.

use crate::Oid;
use crate::expr::Renumber;
use crate::facts::{Column, Condition, DefaultPrivilege, Facts, Function, Grant, Policy, Relation};
use sha2::{Digest, Sha256};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// Numbers by name, for all databases that are compared.
#[derive(Debug, Default)]
pub(crate) struct Names {
    numbers: RefCell<BTreeMap<String, u32>>,
}

/// The first number that no object of the system has.
const FIRST_OF_USERS: u32 = 16_384;

impl Names {
    fn number(&self, name: String) -> u32 {
        let mut numbers = self.numbers.borrow_mut();
        let next = FIRST_OF_USERS + u32::try_from(numbers.len()).unwrap_or(u32::MAX - FIRST_OF_USERS);
        *numbers.entry(name).or_insert(next)
    }

    /// The facts with common numbers.
    pub(crate) fn translate(&self, facts: &Facts) -> Facts {
        Translation { names: self, facts, functions: function_names(facts) }.all()
    }
}

struct Translation<'a> {
    names: &'a Names,
    facts: &'a Facts,
    /// What each function of users is and does.
    functions: BTreeMap<Oid, String>,
}

impl Renumber for Translation<'_> {
    /// A view is what it selects.
    fn relation(&self, oid: Oid) -> Oid {
        match self.facts.view_definitions.get(&oid) {
            Some(definition) => Oid(self.names.number(format!("view {} {definition}", self.facts.relation_name(oid)))),
            None => self.identity(oid),
        }
    }

    fn function(&self, oid: Oid) -> Oid {
        self.known(oid, || self.functions.get(&oid).cloned())
    }

    fn operator(&self, oid: Oid) -> Oid {
        self.known(oid, || {
            let operator = self.facts.operators.get(&oid)?;
            Some(format!("operator {} {}", operator.name, self.function(operator.function)))
        })
    }

    fn data_type(&self, oid: Oid) -> Oid {
        self.known(oid, || self.facts.types.get(&oid).map(|it| format!("type {it}")))
    }

    fn column(&self, relation: Oid, number: i32) -> i32 {
        let Some(column) = self.facts.column(relation, number) else { return number };
        let name = format!("column {} {}", self.identity(relation), column.name);
        i32::try_from(self.names.number(name)).unwrap_or(number)
    }
}

/// A name that can be followed by another one.
fn len(name: &str) -> String {
    format!("{}:{name}", name.len())
}

impl Translation<'_> {
    fn known(&self, oid: Oid, name: impl FnOnce() -> Option<String>) -> Oid {
        if oid.0 < FIRST_OF_USERS {
            return oid;
        }
        // What is not known in this database equals nothing in another one.
        Oid(self.names.number(name().unwrap_or_else(|| format!("unknown {oid} {:p}", self.facts))))
    }

    /// A relation by its name alone.
    fn identity(&self, oid: Oid) -> Oid {
        self.known(oid, || {
            self.facts.relations.get(&oid).map(|it| format!("relation {}.{}", len(&it.schema_name), it.name))
        })
    }

    fn role(&self, oid: Oid) -> Oid {
        if oid == Oid::NONE { oid } else { Oid(self.names.number(format!("role {}", self.facts.role_name(oid)))) }
    }

    fn schema(&self, oid: Oid) -> Oid {
        self.known(oid, || self.facts.schemas.get(&oid).map(|it| format!("schema {}", it.name)))
    }

    fn grants(&self, grants: &[Grant]) -> Vec<Grant> {
        grants.iter().map(|it| Grant { grantee: self.role(it.grantee), privilege: it.privilege }).collect()
    }

    fn all(&self) -> Facts {
        let facts = self.facts;
        let mut all = facts.clone();
        all.roles = facts.roles.iter().map(|(oid, it)| (self.role(*oid), it.clone())).collect();
        for membership in &mut all.memberships {
            membership.group = self.role(membership.group);
            membership.member = self.role(membership.member);
        }
        all.schemas = BTreeMap::new();
        for (oid, schema) in &facts.schemas {
            let mut schema = schema.clone();
            schema.owner = self.role(schema.owner);
            schema.grants = self.grants(&schema.grants);
            all.schemas.insert(self.schema(*oid), schema);
        }
        all.relations = facts.relations.values().map(|it| self.relation_of(it)).map(|it| (it.oid, it)).collect();
        all.policies = facts.policies.iter().map(|it| self.policy(it)).collect();
        all.policies.sort_by(|a, b| (a.relation, &a.name).cmp(&(b.relation, &b.name)));
        all.functions = BTreeMap::new();
        for (oid, function) in &facts.functions {
            let function = Function {
                owner: self.role(function.owner),
                grants: self.grants(&function.grants),
                ..function.clone()
            };
            all.functions.insert(self.function(*oid), function);
        }
        all.operators = BTreeMap::new();
        for (oid, operator) in &facts.operators {
            let mut operator = operator.clone();
            operator.function = self.function(operator.function);
            operator.negator = self.operator(operator.negator);
            operator.commutator = self.operator(operator.commutator);
            all.operators.insert(self.operator(*oid), operator);
        }
        all.views = BTreeMap::new();
        for (view, queries) in &facts.views {
            // A query stands in no other; as a sub-select it is renumbered as any.
            let queries = queries.iter().map(|it| crate::expr::renumbered_query(it, self)).collect();
            all.views.insert(self.identity(*view), queries);
        }
        let definitions = facts.view_definitions.iter();
        all.view_definitions = definitions.map(|(view, it)| (self.identity(*view), it.clone())).collect();
        for trigger in &mut all.triggers {
            trigger.relation = self.identity(trigger.relation);
            trigger.function = self.function(trigger.function);
        }
        for key in &mut all.foreign_keys {
            key.columns = key.columns.iter().map(|it| self.column(key.relation, *it)).collect();
            key.relation = self.identity(key.relation);
            key.referenced = self.identity(key.referenced);
        }
        // Speed is not compared.
        all.indexes = Vec::new();
        for publication in &mut all.publications {
            publication.relations = publication.relations.iter().map(|it| self.identity(*it)).collect();
            publication.schemas = publication.schemas.iter().map(|it| self.schema(*it)).collect();
        }
        all.default_privileges = facts
            .default_privileges
            .iter()
            .map(|it| DefaultPrivilege {
                owner: self.role(it.owner),
                schema: self.schema(it.schema),
                objects: it.objects.clone(),
                grants: self.grants(&it.grants),
            })
            .collect();
        all.types = facts.types.iter().map(|(oid, it)| (self.data_type(*oid), it.clone())).collect();
        all
    }

    fn relation_of(&self, relation: &Relation) -> Relation {
        let column = |it: &Column| Column {
            number: self.column(relation.oid, it.number),
            data_type: self.data_type(it.data_type),
            grants: self.grants(&it.grants),
            ..it.clone()
        };
        Relation {
            oid: self.identity(relation.oid),
            schema: self.schema(relation.schema),
            owner: self.role(relation.owner),
            parents: relation.parents.iter().map(|it| self.identity(*it)).collect(),
            grants: self.grants(&relation.grants),
            columns: relation.columns.iter().map(column).collect(),
            ..relation.clone()
        }
    }

    fn policy(&self, policy: &Policy) -> Policy {
        let condition =
            |it: &Condition| Condition { expr: it.expr.renumbered(policy.relation, self), sql: it.sql.clone() };
        Policy {
            relation: self.identity(policy.relation),
            roles: policy.roles.iter().map(|it| self.role(*it)).collect(),
            using: policy.using.as_ref().map(condition),
            with_check: policy.with_check.as_ref().map(condition),
            ..policy.clone()
        }
    }
}

/// Names of functions with what they do, and what those do that they call.
fn function_names(facts: &Facts) -> BTreeMap<Oid, String> {
    let bodies = crate::body::Bodies::new(facts);
    let mut names = BTreeMap::new();
    for (oid, function) in &facts.functions {
        let name = format!("function {}", function.signature());
        if !function.is_of_users() {
            names.insert(*oid, name);
            continue;
        }
        let called: BTreeSet<String> = bodies
            .reachable([*oid])
            .into_iter()
            .filter_map(|it| facts.functions.get(&it))
            .filter(|it| it.is_of_users())
            .map(|it| {
                let owner = facts.roles.get(&it.owner);
                let exempt = it.security_definer && owner.is_some_and(|it| it.superuser || it.bypasses);
                format!("{}\0{}\0{exempt}", it.signature(), it.digest())
            })
            .collect();
        let mut hash = Sha256::new();
        for it in &called {
            hash.update(it);
        }
        names.insert(*oid, format!("{name} {}", hex::encode(hash.finalize())));
    }
    names
}

impl Function {
    /// A hash of everything that decides what it does.
    pub fn digest(&self) -> String {
        let mut hash = Sha256::new();
        let settings = self.settings.join("\0");
        let flags = format!("{:?} {} {} {}", self.volatility, self.security_definer, self.strict, self.returns_set);
        for part in [&self.language, &self.returns, &settings, &flags, &self.source] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hex::encode(hash.finalize())
    }
}
