//! An attack on one's own row security.
//!
//! Two users are invented, rows that belong to one of them, and rows that belong to nobody. Then the other user, the same one with
//! forged metadata, a token without a user and a visitor try to read, change and take over what is not theirs: directly, blindly,
//! by upserts, through views and through functions. What succeeds is a *crossing*:
//!
//! - A row of the victim was read, unless a visitor can read it as well: then it is public.
//! - A row of the victim, or one that belongs to nobody, was changed or removed, or a row was made in the victim's name.
//!
//! An attack that finds nothing proves something only if it could have found something. So all of it is tried once more with row
//! security off, and must succeed there on every table that has it.

mod attempt;
mod doors;
mod invent;
mod owner;
mod people;
mod report;
mod tables;
mod values;

use std::collections::BTreeSet;

use palisade_db::Connection;
use palisade_policy::{Access, Expr, Oid, Relation, RelationKind, Value};
use palisade_sql::QualifiedName;

use crate::trial::{Mode, Stage, TrialError, World, WorldSeen, try_out};
use attempt::Attempts;
use invent::Inventor;
pub use report::{AttackReport, Attacked, Crossing, State};

/// Attacks the tables of `schemas`, as these two roles: of who is signed in, and of who is not.
///
/// # Errors
///
/// [`TrialError`] if nothing could be tried. Tables that could not be attacked are in the report.
pub async fn attack(
    connection: &mut Connection,
    access: &Access<'_>,
    schemas: &[String],
    signed_in: &str,
    anonymous: &str,
) -> Result<AttackReport, TrialError> {
    let facts = access.facts;
    let targets: Vec<&Relation> = facts
        .relations
        .values()
        .filter(|it| {
            let is_table = matches!(it.kind, RelationKind::Table | RelationKind::Partitioned);
            is_table
                && !it.partition
                && !it.of_extension
                && schemas.contains(&it.schema_name)
                && it.schema_name != "palisade"
        })
        .collect();
    let tables = tables::read(connection, targets.iter().map(|it| it.oid)).await?;
    let owned = owner::owned(access, &tables);
    let inventor = Inventor { facts, tables: &tables, owned: &owned };
    let mut invented = inventor.invent(connection).await?;
    invented.inserts.extend(refreshed(access, schemas));
    let column = |oid: Oid, number: i32| tables.get(&oid).and_then(|it| it.column(number)).cloned();
    let known = |name: &str| facts.role_named(name).map(|_| ());
    let roles = [known(signed_in).map(|()| signed_in), known(anonymous).map(|()| anonymous)];
    let attackers = people::attackers(&owned, &column, &texts(access), roles);
    let mut attempts = Attempts { access, inventor, invented: &invented, attackers: &attackers, all: Vec::new() };
    for relation in &targets {
        attempts.on_table(relation)?;
    }
    attempts.through_doors(schemas)?;
    let attempts = attempts.all;
    let probes: Vec<_> = attempts.iter().map(|it| it.probe.clone()).collect();
    let all: Vec<usize> = (0..probes.len()).collect();
    let inserts = invented.inserts.join(";\n");
    let off = switched_off(&targets);
    let worlds = [inserts.clone(), [inserts.as_str(), off.as_str()].join(";\n")]
        .map(|sql| World { sql: Some(sql), probes: all.clone() });
    let seen = try_out(connection, &worlds, &probes, Mode::RolledBack).await?;
    if let Some(refusal) = seen.iter().find_map(|it| it.failed.as_ref()) {
        let reason = format!("the invented rows cannot be put in all at once: {}", refusal.message);
        return Err(palisade_db::DbError::Unexpected { reason }.into());
    }
    let reached = |world: Option<&WorldSeen>| -> Vec<bool> {
        let seen = world.into_iter().flat_map(|it| &it.seen);
        seen.map(|it| it.stage == Stage::Done && it.reached.unwrap_or_default() > 0).collect()
    };
    let refusals: Vec<Option<String>> = seen
        .get(1)
        .into_iter()
        .flat_map(|it| &it.seen)
        .map(|it| it.error.as_ref().map(|it| format!("{} (SQLSTATE {})", it.message, it.code)))
        .collect();
    Ok(report::Judge {
        access,
        targets: &targets,
        owned: &owned,
        invented: &invented,
        attackers: &attackers,
        attempts: &attempts,
        found: reached(seen.first()),
        control: reached(seen.get(1)),
        refusals,
    }
    .report())
}

/// Materialized views show the rows of the moment when they were made.
fn refreshed(access: &Access<'_>, schemas: &[String]) -> Vec<String> {
    let all = access.facts.relations.values();
    let ours = all.filter(|it| it.kind == RelationKind::Materialized && schemas.contains(&it.schema_name));
    let names = ours.filter_map(|it| QualifiedName::new(it.schema_name.as_str(), it.name.as_str()).ok());
    names.map(|it| format!("refresh materialized view {it}")).collect()
}

/// All tables without row security.
fn switched_off(targets: &[&Relation]) -> String {
    let names = targets.iter().filter(|it| it.row_security);
    let names = names.filter_map(|it| QualifiedName::new(it.schema_name.as_str(), it.name.as_str()).ok());
    let all: Vec<String> = names.map(|it| format!("alter table {it} disable row level security")).collect();
    all.join(";\n")
}

/// The texts in policies that could be names of claims.
fn texts(access: &Access<'_>) -> BTreeSet<String> {
    let mut texts = BTreeSet::new();
    for condition in access.facts.policies.iter().flat_map(palisade_policy::Policy::conditions) {
        condition.expr.walk(&mut |it, _| {
            if let Expr::Const { value: Value::Text(text), .. } = it
                && !text.is_empty()
                && text.chars().all(|it| it.is_alphanumeric() || it == '_')
            {
                texts.insert(text.clone());
            }
        });
    }
    texts
}
