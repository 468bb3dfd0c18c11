//! Whether parts are parts: the server is given the condition put together again.

use std::collections::BTreeSet;

use palisade_db::Connection;
use palisade_policy::{Facts, Policy};
use palisade_sql::Literal;

use super::mutant::{concerned, policy_name, table_name};
use crate::parts::{joined, parts};
use crate::trial::{Mode, Probe, ProbeKind, TrialError, World, try_out};

/// The texts of conditions that are the same when they are put together again of their parts.
pub(super) async fn separable(
    connection: &mut Connection,
    facts: &Facts,
    schemas: &[String],
) -> Result<BTreeSet<String>, TrialError> {
    let (mut worlds, mut probes, mut texts) = (Vec::new(), Vec::new(), Vec::new());
    for relation in concerned(facts, schemas) {
        let Ok(table) = table_name(relation) else { continue };
        for policy in facts.policies_of(relation.oid) {
            let Policy { using, with_check, .. } = policy;
            let Ok(name) = policy_name(policy) else { continue };
            for (condition, word, column) in [(using, "using", "polqual"), (with_check, "with check", "polwithcheck")] {
                let Some(condition) = condition else { continue };
                let Some((joint, parts)) = parts(&condition.sql) else { continue };
                let again = joined(joint, &parts);
                probes.push(Probe {
                    setup: Some("set local search_path = ''".to_owned()),
                    statement: format!(
                        "select pg_catalog.pg_get_expr({column}, polrelid) from pg_catalog.pg_policy where polrelid = \
                         {}::regclass and polname = {}",
                        Literal::new(table.as_str())?,
                        Literal::new(policy.name.as_str())?
                    ),
                    kind: ProbeKind::Value,
                    ..Probe::default()
                });
                worlds.push(World {
                    sql: Some(format!("alter policy {name} on {table} {word} ({again})")),
                    probes: vec![worlds.len()],
                });
                texts.push(condition.sql.clone());
            }
        }
    }
    if worlds.is_empty() {
        return Ok(BTreeSet::new());
    }
    let seen = try_out(connection, &worlds, &probes, Mode::RolledBack).await?;
    let said = seen.into_iter().map(|it| it.seen.into_iter().next().and_then(|it| it.said));
    Ok(texts.into_iter().zip(said).filter(|(text, said)| said.as_ref() == Some(text)).map(|(text, _)| text).collect())
}
