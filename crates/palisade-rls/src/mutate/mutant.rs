//! One change at a time.

use std::collections::BTreeSet;

use palisade_policy::{Condition, Expr, Facts, Oid, Policy, PolicyCommand, Relation, Value};
use palisade_sql::{Ident, IdentError, QualifiedName};
use serde::Serialize;

use crate::parts::{Joint, joined, parts};

/// A change of row security.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mutant {
    /// `schema.table`
    pub table: String,
    /// The policy; none if it is the table that is different.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// What is different, in words.
    pub what: String,
    /// What makes it.
    pub sql: String,
    #[serde(skip)]
    pub(super) relation: Relation,
    #[serde(skip)]
    pub(super) policies: Vec<Policy>,
}

impl Mutant {
    /// Whether it is a mutant of this table.
    pub(super) fn is_of(&self, table: &QualifiedName) -> bool {
        self.relation.schema_name == table.schema.as_str() && self.relation.name == table.name.as_str()
    }
}

/// The relations that are mutated.
pub(super) fn concerned<'f>(facts: &'f Facts, schemas: &[String]) -> impl Iterator<Item = &'f Relation> {
    let ours = |it: &&Relation| {
        let managed = schemas.contains(&it.schema_name) && it.schema_name != "palisade";
        !it.of_extension && it.row_security && (managed || !facts.policies_of(it.oid).is_empty())
    };
    facts.relations.values().filter(ours)
}

pub(super) fn table_name(relation: &Relation) -> Result<String, IdentError> {
    Ok(QualifiedName::new(relation.schema_name.as_str(), relation.name.as_str())?.to_string())
}

pub(super) fn policy_name(policy: &Policy) -> Result<String, IdentError> {
    Ok(Ident::new(policy.name.as_str())?.to_string())
}

/// All mutants; `separable` are the conditions of which parts can be left out.
pub(super) fn mutants(facts: &Facts, schemas: &[String], separable: &BTreeSet<String>) -> Vec<Mutant> {
    let mut mutants = Vec::new();
    for relation in concerned(facts, schemas) {
        // Every name of a catalog is one.
        let Ok(table) = table_name(relation) else { continue };
        let of = Of { facts, relation, table, policies: facts.policies_of(relation.oid) };
        mutants.push(of.disabled());
        for (index, policy) in of.policies.iter().enumerate() {
            let Ok(name) = policy_name(policy) else { continue };
            of.mutate(index, policy, &name, separable, &mut mutants);
        }
    }
    mutants
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Clause {
    Using,
    Check,
}

impl Clause {
    fn word(self) -> &'static str {
        match self {
            Self::Using => "USING",
            Self::Check => "WITH CHECK",
        }
    }
}

struct Of<'f> {
    facts: &'f Facts,
    relation: &'f Relation,
    table: String,
    policies: &'f [Policy],
}

impl Of<'_> {
    fn mutant(&self, policy: Option<&Policy>, what: String, sql: String, policies: Vec<Policy>) -> Mutant {
        Mutant {
            table: self.relation.qualified(),
            policy: policy.map(|it| it.name.clone()),
            what,
            sql,
            relation: self.relation.clone(),
            policies,
        }
    }

    fn disabled(&self) -> Mutant {
        let sql = format!("alter table {} disable row level security", self.table);
        let mut mutant = self.mutant(None, "row security is off".to_owned(), sql, self.policies.to_vec());
        mutant.relation.row_security = false;
        mutant
    }

    fn mutate(&self, index: usize, policy: &Policy, name: &str, separable: &BTreeSet<String>, all: &mut Vec<Mutant>) {
        let table = &self.table;
        let mut changed = |what: String, sql: String, change: &dyn Fn(&mut Policy)| {
            let mut policies = self.policies.to_vec();
            if let Some(policy) = policies.get_mut(index) {
                change(policy);
            }
            all.push(self.mutant(Some(policy), what, sql, policies));
        };
        for (clause, condition) in [(Clause::Using, &policy.using), (Clause::Check, &policy.with_check)] {
            let Some(condition) = condition else { continue };
            let alone = policy.using.is_some() != policy.with_check.is_some();
            for (what, new) in conditions(condition, separable.contains(&condition.sql)) {
                // As good as no policy at all, which is a mutant of its own.
                let nothing = if policy.permissive { "false" } else { "true" };
                if alone && what == nothing {
                    continue;
                }
                let word = clause.word();
                let sql = format!("alter policy {name} on {table} {} ({})", word.to_lowercase(), new.sql);
                changed(format!("{word} is {what}"), sql, &|it| match clause {
                    Clause::Using => it.using = Some(new.clone()),
                    Clause::Check => it.with_check = Some(new.clone()),
                });
            }
        }
        if policy.roles != [Oid::NONE] {
            let sql = format!("alter policy {name} on {table} to public");
            changed("it is TO PUBLIC".to_owned(), sql, &|it| it.roles = vec![Oid::NONE]);
        }
        let others = |it: &(usize, &Policy)| {
            it.0 != index
                && it.1.permissive
                && (it.1.command.covers(policy.command) || policy.command == PolicyCommand::All)
        };
        if (!policy.permissive || self.policies.iter().enumerate().any(|it| others(&it)))
            && let Some(create) = self.create(policy, name, !policy.permissive)
        {
            let kind = if policy.permissive { "it is RESTRICTIVE" } else { "it is PERMISSIVE" };
            let sql = format!("drop policy {name} on {table};\n{create}");
            changed(kind.to_owned(), sql, &|it| it.permissive = !it.permissive);
        }
        let mut policies = self.policies.to_vec();
        policies.remove(index);
        let sql = format!("drop policy {name} on {table}");
        all.push(self.mutant(Some(policy), "it is gone".to_owned(), sql, policies));
    }

    /// The policy as SQL.
    fn create(&self, policy: &Policy, name: &str, permissive: bool) -> Option<String> {
        let role = |it: &Oid| match *it {
            Oid::NONE => Some("public".to_owned()),
            it => Some(Ident::new(self.facts.role_name(it)).ok()?.to_string()),
        };
        let roles = policy.roles.iter().map(role).collect::<Option<Vec<_>>>()?.join(", ");
        let kind = if permissive { "permissive" } else { "restrictive" };
        let clause = |word: &str, it: &Option<Condition>| {
            it.as_ref().map_or_else(String::new, |it| format!(" {word} ({})", it.sql))
        };
        let command = policy.command.as_str().to_lowercase();
        let (using, check) = (clause("using", &policy.using), clause("with check", &policy.with_check));
        Some(format!("create policy {name} on {} as {kind} for {command} to {roles}{using}{check}", self.table))
    }
}

/// Other conditions in place of one, each with a name.
fn conditions(condition: &Condition, separable: bool) -> Vec<(String, Condition)> {
    let constant = |value: bool| Condition {
        expr: Expr::Const { data_type: Oid::BOOL, value: Value::Bool(value) },
        sql: value.to_string(),
    };
    let Condition { expr, sql } = condition;
    let mut all = vec![("true".to_owned(), constant(true)), ("false".to_owned(), constant(false))];
    if matches!(expr, Expr::Const { .. }) {
        all.retain(|(what, _)| what != sql);
        return all;
    }
    let negated = Condition { expr: Expr::Not(Box::new(expr.clone())), sql: format!("NOT ({sql})") };
    all.push((format!("negated: NOT {sql}"), negated));
    let (Some((joint, texts)), true) = (parts(sql), separable) else { return all };
    let ((Joint::And, Expr::And(exprs)) | (Joint::Or, Expr::Or(exprs))) = (joint, expr) else { return all };
    if exprs.len() != texts.len() {
        return all;
    }
    for (index, left_out) in texts.iter().enumerate() {
        let mut texts = texts.clone();
        texts.remove(index);
        let mut exprs = exprs.clone();
        exprs.remove(index);
        let expr = match (joint, exprs.len()) {
            (_, 1) => exprs.remove(0),
            (Joint::And, _) => Expr::And(exprs),
            (Joint::Or, _) => Expr::Or(exprs),
        };
        all.push((format!("without `{left_out}`"), Condition { expr, sql: joined(joint, &texts) }));
    }
    all
}
