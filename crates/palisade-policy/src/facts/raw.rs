//! From the answers of the server to [`Facts`].

use crate::expr::{Expr, Query, Value, lower_expression, lower_queries};
use crate::facts::{
    Column, Condition, DefaultPrivilege, Facts, FactsError, ForeignKey, Function, Grant, Index, Membership, Operator,
    Policy, PolicyCommand, Publication, Relation, RelationKind, Role, Schema, Trigger, Volatility,
};
use crate::{LowerError, Oid};
use std::collections::{BTreeMap, BTreeSet};

/// What the server says in the first round trip: one answer for each class.
#[derive(Debug, Default)]
pub struct RawFacts {
    facts: Facts,
    labels: BTreeMap<Oid, String>,
}

/// What of the system's functions and operators is used, and has to be asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Referenced {
    /// Functions.
    pub functions: BTreeSet<Oid>,
    /// Operators.
    pub operators: BTreeSet<Oid>,
}

/// What the server says of them.
#[derive(Debug, Default)]
pub struct RawMore {
    functions: Vec<RawFunction>,
    operators: Vec<(Oid, Operator)>,
}

#[derive(serde::Deserialize)]
struct Numbered<T> {
    oid: Oid,
    #[serde(flatten)]
    it: T,
}

#[derive(serde::Deserialize)]
struct RawSchema {
    oid: Oid,
    name: String,
    owner: Oid,
    grants: Vec<Grant>,
}

/// Number, name, type, whether NULL is refused, whether it is generated, rights.
type RawColumn = (i32, String, Oid, bool, bool, Option<Vec<Grant>>);

#[derive(serde::Deserialize)]
#[allow(clippy::struct_excessive_bools, reason = "each is one that the server has")]
struct RawRelation {
    oid: Oid,
    schema: Oid,
    name: String,
    kind: RelationKind,
    owner: Oid,
    row_security: bool,
    forced: bool,
    security_invoker: bool,
    partition: bool,
    parents: Vec<Oid>,
    grants: Vec<Grant>,
    columns: Vec<RawColumn>,
    of_extension: bool,
}

#[derive(serde::Deserialize)]
struct RawPolicy {
    name: String,
    relation: Oid,
    command: PolicyCommand,
    permissive: bool,
    roles: Vec<Oid>,
    using_tree: Option<String>,
    using_sql: Option<String>,
    check_tree: Option<String>,
    check_sql: Option<String>,
}

#[derive(Debug, serde::Deserialize)]
#[allow(clippy::struct_excessive_bools, reason = "each is one that the server has")]
struct RawFunction {
    oid: Oid,
    schema: String,
    name: String,
    arguments: String,
    argument_count: usize,
    language: String,
    volatility: Volatility,
    security_definer: bool,
    leakproof: bool,
    strict: bool,
    returns_set: bool,
    returns: String,
    returns_row: bool,
    settings: Vec<String>,
    source: Option<String>,
    body: Option<String>,
    owner: Oid,
    grants: Vec<Grant>,
    foreign: bool,
}

#[derive(serde::Deserialize)]
struct RawView {
    relation: Oid,
    tree: String,
    definition: String,
}

#[derive(serde::Deserialize)]
struct RawDefault {
    owner: Oid,
    schema: Oid,
    objects: String,
    grants: Vec<Grant>,
}

#[derive(serde::Deserialize)]
struct RawLabel {
    oid: Oid,
    label: String,
}

#[derive(serde::Deserialize)]
struct RawType {
    oid: Oid,
    name: String,
}

#[derive(serde::Deserialize)]
struct RawVersion {
    version: u32,
}

impl RawFacts {
    /// Takes the answer about one class, a JSON array.
    ///
    /// # Errors
    ///
    /// [`FactsError`] if it cannot be understood.
    pub fn add(&mut self, class: &str, answer: &str) -> Result<(), FactsError> {
        let facts = &mut self.facts;
        match class {
            "version" => facts.version = read::<RawVersion>(class, answer)?.first().map_or(0, |it| it.version),
            "enum_labels" => {
                self.labels = read::<RawLabel>(class, answer)?.into_iter().map(|it| (it.oid, it.label)).collect();
            }
            "types" => facts.types = read::<RawType>(class, answer)?.into_iter().map(|it| (it.oid, it.name)).collect(),
            "roles" => facts.roles = numbered::<Role>(class, answer)?.collect(),
            "memberships" => facts.memberships = read::<Membership>(class, answer)?,
            "schemas" => {
                let schemas = read::<RawSchema>(class, answer)?.into_iter();
                facts.schemas = schemas
                    .map(|RawSchema { oid, name, owner, grants }| (oid, Schema { name, owner, grants }))
                    .collect();
            }
            "relations" => {
                let relations: Vec<_> =
                    read::<RawRelation>(class, answer)?.into_iter().map(|it| self.relation(it)).collect();
                self.facts.relations = relations.into_iter().map(|it| (it.oid, it)).collect();
            }
            "policies" => {
                facts.policies = read::<RawPolicy>(class, answer)?.into_iter().map(policy).collect::<Result<_, _>>()?;
                facts.policies.sort_by(|a, b| (a.relation, &a.name).cmp(&(b.relation, &b.name)));
            }
            "functions" => {
                for raw in read::<RawFunction>(class, answer)? {
                    facts.functions.insert(raw.oid, function(raw)?);
                }
            }
            "views" => {
                for RawView { relation, tree, definition } in read::<RawView>(class, answer)? {
                    let name = facts.relation_name(relation);
                    let queries = lower_queries(&tree).map_err(|it| unreadable(format!("the rule of {name}"), it))?;
                    facts.views.entry(relation).or_default().extend(queries);
                    facts.view_definitions.insert(relation, definition);
                }
            }
            "triggers" => facts.triggers = read::<Trigger>(class, answer)?,
            "foreign_keys" => facts.foreign_keys = read::<ForeignKey>(class, answer)?,
            "indexes" => {
                facts.indexes = read::<Index>(class, answer)?;
                facts.indexes.sort_by(|a, b| (a.relation, &a.name).cmp(&(b.relation, &b.name)));
            }
            "publications" => facts.publications = read::<Publication>(class, answer)?,
            "default_privileges" => {
                let defaults = read::<RawDefault>(class, answer)?.into_iter();
                facts.default_privileges = defaults
                    .map(|RawDefault { owner, schema, objects, grants }| DefaultPrivilege {
                        owner,
                        schema,
                        objects,
                        grants,
                    })
                    .collect();
            }
            _ => {
                let error = serde::de::Error::custom("no such class");
                return Err(FactsError::Answer { class: class.to_owned(), source: error });
            }
        }
        Ok(())
    }

    /// What is used and not known yet.
    pub fn referenced(&self) -> Referenced {
        let mut all = Referenced::default();
        let facts = &self.facts;
        let mut add = |it: &Expr| match it {
            Expr::Call { function, .. } => {
                all.functions.insert(*function);
            }
            Expr::Operator { function, operator, .. } | Expr::InArray { function, operator, .. } => {
                all.functions.insert(*function);
                all.operators.insert(*operator);
            }
            _ => {}
        };
        for condition in facts.policies.iter().flat_map(Policy::conditions) {
            condition.expr.walk(&mut |it, _| add(it));
        }
        let bodies = facts.functions.values().flat_map(|it| &it.body);
        for query in facts.views.values().flatten().chain(bodies) {
            query.walk(&mut |it, _| add(it));
        }
        all.functions.retain(|it| !facts.functions.contains_key(it));
        all
    }

    /// Puts both together.
    ///
    /// # Errors
    ///
    /// [`FactsError`] if a function's body cannot be understood.
    pub fn finish(mut self, more: RawMore) -> Result<Facts, FactsError> {
        for raw in more.functions {
            self.facts.functions.insert(raw.oid, function(raw)?);
        }
        self.facts.operators.extend(more.operators);
        nullable_in_children(&mut self.facts.relations);
        // The server keeps a label as the number of its row, which says nothing in another database.
        let labels = &self.labels;
        let mut name = |value: &mut Value| {
            if let Value::Bytes(bytes) = value
                && let Some(label) = number(bytes).and_then(|it| labels.get(&it))
            {
                *value = Value::Label(label.clone());
            }
        };
        for policy in &mut self.facts.policies {
            for condition in policy.using.iter_mut().chain(&mut policy.with_check) {
                condition.expr.for_each_enum_value(&self.facts.types, &mut name);
            }
        }
        Ok(self.facts)
    }

    fn relation(&self, raw: RawRelation) -> Relation {
        let RawRelation {
            oid,
            schema,
            name,
            kind,
            owner,
            row_security,
            forced,
            security_invoker,
            partition,
            parents,
            grants,
            columns,
            of_extension,
        } = raw;
        let column = |(number, name, data_type, not_null, generated, grants): RawColumn| Column {
            number,
            name,
            data_type,
            not_null,
            generated,
            grants: grants.unwrap_or_default(),
        };
        Relation {
            oid,
            schema,
            schema_name: self.facts.schemas.get(&schema).map(|it| it.name.clone()).unwrap_or_default(),
            name,
            kind,
            owner,
            row_security,
            forced,
            security_invoker,
            partition,
            parents,
            grants,
            columns: columns.into_iter().map(column).collect(),
            of_extension,
        }
    }
}

impl RawMore {
    /// Takes the answer about `functions` or `operators`.
    ///
    /// # Errors
    ///
    /// [`FactsError`] if it cannot be understood.
    pub fn add(&mut self, class: &str, answer: &str) -> Result<(), FactsError> {
        if class == "functions" {
            self.functions = read(class, answer)?;
        } else {
            self.operators = numbered(class, answer)?.collect();
        }
        Ok(())
    }
}

/// What a child may leave empty is not always there for whoever reads the parent.
fn nullable_in_children(relations: &mut BTreeMap<Oid, Relation>) {
    loop {
        let mut nullable: Vec<(Oid, String)> = Vec::new();
        for child in relations.values() {
            let empty = child.columns.iter().filter(|it| !it.not_null);
            nullable.extend(empty.flat_map(|it| child.parents.iter().map(|parent| (*parent, it.name.clone()))));
        }
        let mut changed = false;
        for (parent, name) in nullable {
            let columns = relations.get_mut(&parent).into_iter().flat_map(|it| &mut it.columns);
            for column in columns.filter(|it| it.name == name && it.not_null) {
                column.not_null = false;
                changed = true;
            }
        }
        if !changed {
            return;
        }
    }
}

/// The number that a value of an enum is.
fn number(bytes: &[u8]) -> Option<Oid> {
    Some(Oid(u32::from_le_bytes(bytes.get(..4)?.try_into().ok()?)))
}

fn read<T: serde::de::DeserializeOwned>(class: &str, answer: &str) -> Result<Vec<T>, FactsError> {
    serde_json::from_str(answer).map_err(|source| FactsError::Answer { class: class.to_owned(), source })
}

fn numbered<T: serde::de::DeserializeOwned>(
    class: &str,
    answer: &str,
) -> Result<impl Iterator<Item = (Oid, T)>, FactsError> {
    Ok(read::<Numbered<T>>(class, answer)?.into_iter().map(|it| (it.oid, it.it)))
}

fn unreadable(what: String, source: LowerError) -> FactsError {
    FactsError::Tree { what, source }
}

fn policy(raw: RawPolicy) -> Result<Policy, FactsError> {
    let RawPolicy { name, relation, command, permissive, roles, using_tree, using_sql, check_tree, check_sql } = raw;
    let condition = |tree: Option<String>, sql: Option<String>| -> Result<Option<Condition>, FactsError> {
        let Some(tree) = tree else { return Ok(None) };
        let expr = lower_expression(&tree).map_err(|it| unreadable(format!("policy `{name}`"), it))?;
        Ok(Some(Condition { expr, sql: sql.unwrap_or_default() }))
    };
    let (using, with_check) = (condition(using_tree, using_sql)?, condition(check_tree, check_sql)?);
    Ok(Policy { name, relation, command, permissive, roles, using, with_check })
}

fn function(raw: RawFunction) -> Result<Function, FactsError> {
    let RawFunction {
        oid: _,
        schema,
        name,
        arguments,
        argument_count,
        language,
        volatility,
        security_definer,
        leakproof,
        strict,
        returns_set,
        returns,
        returns_row,
        settings,
        source,
        body,
        owner,
        grants,
        foreign,
    } = raw;
    let body: Vec<Query> = match body {
        Some(tree) => lower_queries(&tree).map_err(|it| unreadable(format!("function {schema}.{name}"), it))?,
        None => Vec::new(),
    };
    Ok(Function {
        schema,
        name,
        arguments,
        argument_count,
        language,
        volatility,
        security_definer,
        leakproof,
        strict,
        returns_set,
        returns,
        returns_row,
        settings,
        source: source.unwrap_or_default(),
        body,
        owner,
        grants,
        foreign,
    })
}
