//! Which columns say whose a row is.

use std::collections::{BTreeMap, BTreeSet};

use palisade_policy::{Access, ColumnRef, Expr, Oid, Relation, Value};

use super::tables::Table;

/// What of somebody stands in a column.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mark {
    /// The `sub` of their token.
    User,
    /// Their address.
    Email,
    /// A claim of this name.
    Claim(String),
}

/// What is known of whose rows are whose.
#[derive(Debug, Clone, Default)]
pub(super) struct Owned {
    /// Columns that somebody stands in.
    pub(super) marks: BTreeMap<i32, Mark>,
    /// Whether a row belongs to somebody at all, by itself or by what it refers to.
    pub(super) somebody: bool,
}

/// Names that say it where no policy does.
const USER_NAMES: [&str; 12] = [
    "uid",
    "user_uid",
    "owner_uid",
    "member_id",
    "user_id",
    "owner_id",
    "author_id",
    "owner",
    "created_by",
    "profile_id",
    "account_id",
    "customer_id",
];
const TENANT_NAMES: [&str; 7] =
    ["tenant_id", "team_id", "org_id", "organization_id", "organisation_id", "workspace_id", "company_id"];

/// Whose the rows of all these tables are.
pub(super) fn owned(access: &Access<'_>, tables: &BTreeMap<Oid, Table>) -> BTreeMap<Oid, Owned> {
    let mut all: BTreeMap<Oid, Owned> = BTreeMap::new();
    for (oid, table) in tables {
        let Some(relation) = access.facts.relations.get(oid) else { continue };
        all.insert(*oid, of_table(access, relation, table));
    }
    // What refers to a row of somebody belongs to them as well.
    loop {
        let more: Vec<Oid> = tables
            .iter()
            .filter(|(oid, table)| {
                let refers = table.keys.iter().any(|it| all.get(&it.referenced).is_some_and(|it| it.somebody));
                refers && all.get(oid).is_some_and(|it| !it.somebody)
            })
            .map(|(oid, _)| *oid)
            .collect();
        if more.is_empty() {
            return all;
        }
        for oid in more {
            all.entry(oid).or_default().somebody = true;
        }
    }
}

fn of_table(access: &Access<'_>, relation: &Relation, table: &Table) -> Owned {
    let mut owned = Owned::default();
    if relation.schema_name == "auth" && relation.name == "users" {
        for column in &table.columns {
            match column.name.as_str() {
                "id" => owned.marks.insert(column.number, Mark::User),
                "email" => owned.marks.insert(column.number, Mark::Email),
                _ => None,
            };
        }
    }
    let mut of_rows = false;
    for condition in access.facts.policies_of(relation.oid).iter().flat_map(palisade_policy::Policy::conditions) {
        of_rows |= access.bodies.mentions_caller(&condition.expr) && !condition.expr.own_columns().is_empty();
        condition.expr.walk(&mut |it, depth| {
            if let Some((number, mark)) = compared(access, table, it, depth) {
                owned.marks.entry(number).or_insert(mark);
            }
        });
    }
    let referring: BTreeSet<i32> = table.keys.iter().flat_map(|it| it.columns.iter().copied()).collect();
    for column in table.columns.iter().filter(|it| !referring.contains(&it.number) && !it.generated) {
        let name = column.name.as_str();
        if USER_NAMES.contains(&name) && column.data_type == "uuid" {
            owned.marks.entry(column.number).or_insert(Mark::User);
        } else if TENANT_NAMES.contains(&name) {
            owned.marks.entry(column.number).or_insert_with(|| Mark::Claim(name.to_owned()));
        }
    }
    owned.somebody = of_rows || !owned.marks.is_empty();
    owned
}

/// A column of the table that is compared with something about the caller.
fn compared(access: &Access<'_>, table: &Table, expr: &Expr, depth: usize) -> Option<(i32, Mark)> {
    let equal = |operator: &Oid| access.facts.operators.get(operator).is_some_and(|it| it.equality);
    let (left, right) = match expr {
        Expr::Operator { operator, args, .. } if equal(operator) => {
            let [left, right] = args.as_slice() else { return None };
            (left, right)
        }
        Expr::Distinct { args, .. } => (&args[0], &args[1]),
        Expr::InArray { operator, any: true, args, .. } if equal(operator) => (&args[0], &args[1]),
        _ => return None,
    };
    let own = |it: &Expr| match it.core() {
        Expr::Column(ColumnRef { level, column, .. }) if *level == depth && *column > 0 => Some(*column),
        _ => None,
    };
    let (number, caller) = match (own(left), own(right)) {
        (Some(number), None) => (number, right),
        (None, Some(number)) => (number, left),
        _ => return None,
    };
    if !access.bodies.mentions_caller(caller) {
        return None;
    }
    let column = table.column(number)?;
    let mut texts = BTreeSet::new();
    caller.walk(&mut |it, _| {
        if let Expr::Const { value: Value::Text(text), .. } = it {
            texts.insert(text.as_str());
        }
    });
    let usual = ["sub", "app_metadata", "user_metadata", "request.jwt.claims", "request.jwt.claim.sub", ""];
    let named = texts.iter().find(|it| !usual.contains(it) && !it.starts_with("request."));
    Some((
        number,
        match named {
            Some(&"email") => Mark::Email,
            // What everybody has in common says nothing about whose a row is.
            Some(&("role" | "aal" | "is_anonymous")) => return None,
            Some(&name) if column.data_type != "uuid" || !texts.contains("sub") => Mark::Claim(name.to_owned()),
            _ => Mark::User,
        },
    ))
}
